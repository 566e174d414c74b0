import type { MonitoringOverrides, StatementLists } from './overrides.ts';

/** A statement as far as it is known. */
export interface StatementIdentity {
  readonly schema?: string | undefined;
  readonly user?: string | undefined;
  readonly digest?: string | undefined;
}

export type StatementFilter = (statement: StatementIdentity) => boolean;

/**
 * Which statements are told one by one; `undefined`: all. What is not known of a statement (a transaction has no digest)
 * neither includes nor excludes it.
 */
export function statementFilterOf(overrides: MonitoringOverrides | undefined): StatementFilter | undefined {
  const include = matchersOf(overrides?.include);
  const exclude = matchersOf(overrides?.exclude);
  if (include.length + exclude.length === 0) return undefined;
  return (statement) =>
    include.every(({ field, matches }) => statement[field] === undefined || matches(statement[field])) &&
    !exclude.some(({ field, matches }) => statement[field] !== undefined && matches(statement[field]));
}

interface Matcher {
  readonly field: keyof StatementIdentity;
  matches(value: string): boolean;
}

function matchersOf({ schemas = [], users = [], digests = [] }: StatementLists = {}): readonly Matcher[] {
  const lists = [
    ['schema', schemas],
    ['user', users],
    ['digest', digests],
  ] as const;
  return lists.flatMap(([field, patterns]) => {
    if (patterns.length === 0) return [];
    const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
    const globs = patterns.filter((pattern) => pattern.includes('*'));
    return [{ field, matches: (value: string) => exact.has(value) || globs.some((glob) => fitsGlob(value, glob)) }];
  });
}

/** In one pass: each part of the pattern at its first place behind the part before, the last one at the end. */
function fitsGlob(value: string, glob: string): boolean {
  const parts = glob.split('*');
  const [first = '', last = ''] = [parts[0], parts.at(-1)];
  if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last)) return false;
  let at = first.length;
  const end = value.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = value.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
