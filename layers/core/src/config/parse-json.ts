import type { z } from 'zod';
import { messageOf } from '../domain/errors.ts';
import { configError } from './config-error.ts';
import { freezeDeep } from './freeze-deep.ts';

/**
 * Parses JSON text against a schema into a frozen value. Throws one CONFIG_INVALID with every problem, each at its JSON
 * pointer (`/2/adminPort: expected number, got string`); `source` names the text in its first line.
 */
export function parseJson<T>(schema: z.ZodType<T>, text: string, source: string): T {
  const result = checkJson(schema, text);
  if ('problems' in result) throw configError(source, result.problems);
  return freezeDeep(result.value);
}

/** As parseJson, with the problems as data. Values are never repeated: the text may hold secrets. */
export function checkJson<T>(
  schema: z.ZodType<T>,
  text: string,
): { readonly value: T } | { readonly problems: readonly string[] } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { problems: [`not valid JSON${placeOf(error, text)}`] };
  }
  const result = schema.safeParse(json, { error: describeIssue });
  if (result.success) return { value: result.data };
  return { problems: result.error.issues.flatMap(problemsOf) };
}

/** V8 quotes the text around the mistake, which may be a password: only the position is taken from its message. */
function placeOf(error: unknown, text: string): string {
  const position = / at position (\d+)/.exec(messageOf(error))?.[1];
  if (position === undefined) return '';
  const before = text.slice(0, Number(position)).split('\n');
  return ` (line ${before.length} column ${(before.at(-1)?.length ?? 0) + 1})`;
}

function problemsOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code !== 'unrecognized_keys') return [`${pointerOf(issue.path)}: ${issue.message}`];
  return issue.keys.map((key) => `${pointerOf([...issue.path, key])}: unknown field`);
}

/** RFC 6901; the whole document shows as `/`. */
function pointerOf(path: readonly PropertyKey[]): string {
  return `/${path.map((part) => String(part).replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`;
}

function describeIssue(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'invalid_type') return undefined;
  if (issue.input === undefined) return `missing, expected ${issue.expected}`;
  return `expected ${issue.expected}, got ${typeOf(issue.input)}`;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
