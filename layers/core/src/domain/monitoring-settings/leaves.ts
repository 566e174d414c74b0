import { COLLECTORS } from '../scan/collectors.ts';
import {
  BOUNDS,
  LIMITED_COLLECTORS,
  MAX_LIST,
  MAX_PATTERN,
  type MonitoringOverrides,
  STATEMENT_LISTS,
  sinksOf,
} from './overrides.ts';

/** One thing that can be decided: where it stands in the overrides, and which values it may have. */
export interface Leaf {
  readonly path: readonly string[];
  isValid(value: unknown): boolean;
}

/** All of them, in the order in which they are published. */
export const LEAVES: readonly Leaf[] = [
  ...COLLECTORS.flatMap((name): readonly Leaf[] => [
    { path: ['collectors', name, 'enabled'], isValid: isFlag },
    { path: ['collectors', name, 'intervalMs'], isValid: within(BOUNDS.intervalMs) },
    ...(LIMITED_COLLECTORS.includes(name)
      ? [{ path: ['collectors', name, 'timeoutMs'], isValid: within(BOUNDS.timeoutMs) }]
      : []),
    { path: ['collectors', name, 'routes'], isValid: someOf(sinksOf(name)) },
  ]),
  ...(['digestTopN', 'sqlStatsTopN', 'collectTimeoutMs', 'slowSqlMs', 'slowTransactionMs', 'textLength'] as const).map(
    (name) => ({ path: [name], isValid: within(BOUNDS[name]) }),
  ),
  { path: ['showLiterals'], isValid: isFlag },
  ...['include', 'exclude'].flatMap((list) => STATEMENT_LISTS.map((of) => ({ path: [list, of], isValid: isPatterns }))),
];

/** What stands at a path; `undefined` where there is nothing. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = Reflect.get(at, name);
  }
  return at;
}

/** Overrides from their leaves, which must be valid: fields in the order of LEAVES. */
export function overridesOf(leaves: Iterable<readonly [path: readonly string[], value: unknown]>): MonitoringOverrides {
  const overrides: Record<string, unknown> = {};
  for (const [path, value] of leaves) {
    let at = overrides;
    for (const name of path.slice(0, -1)) {
      at[name] ??= {};
      at = at[name] as Record<string, unknown>;
    }
    at[path.at(-1) ?? ''] = value;
  }
  return overrides as MonitoringOverrides;
}

function isFlag(value: unknown): boolean {
  return typeof value === 'boolean';
}

function within([min, max]: readonly [min: number, max: number]): Leaf['isValid'] {
  return (value) => typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}

function someOf(names: readonly string[]): Leaf['isValid'] {
  return (value) =>
    Array.isArray(value) && value.every((name) => names.includes(name)) && new Set(value).size === value.length;
}

function isPatterns(value: unknown): boolean {
  const isPattern = (one: unknown) => typeof one === 'string' && one !== '' && [...one].length <= MAX_PATTERN;
  return Array.isArray(value) && value.length <= MAX_LIST && value.every(isPattern);
}
