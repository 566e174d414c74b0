import { field, quoted } from './field.ts';

export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** Any text but an empty one. */
export function nonEmpty() {
  return field<string>('some text', (text) => (text === '' ? { problem: 'empty' } : { value: text }));
}

/** Text that no message ever repeats. */
export function secret() {
  return field<string>('a secret', (text) => (text === '' ? { problem: 'empty' } : { value: text }));
}

export function choice<const T extends string>(...values: readonly [T, ...T[]]) {
  return field<T>(values.join(' | '), (text) => {
    const value = values.find((candidate) => candidate === text);
    return value === undefined ? { problem: `${quoted(text)} is unknown` } : { value };
  });
}

/** `true` or `false`, also written 1 and 0. */
export function flag() {
  return field<boolean>('true or false', (text) => {
    if (text === 'true' || text === '1') return { value: true };
    if (text === 'false' || text === '0') return { value: false };
    return { problem: `${quoted(text)} is neither` };
  });
}

export function integer(bounds: Bounds = {}) {
  return whole('integer', 'an integer', bounds);
}

/** A port to connect to; `{ min: 0 }` for one to listen on, where 0 takes a free one. */
export function port(bounds: Bounds = {}) {
  return whole('port', 'a port', { min: 1, max: 65_535, ...bounds });
}

/** A duration in milliseconds, for variables that end in `_MS`. */
export function milliseconds(bounds: Bounds = {}) {
  return whole('number of milliseconds', 'milliseconds', { min: 0, ...bounds });
}

/** A duration in seconds, for variables that end in `_SECONDS`. */
export function seconds(bounds: Bounds = {}) {
  return whole('number of seconds', 'seconds', { min: 0, ...bounds });
}

/** `512MB`, `2GiB`, or plain bytes. kB, MB and GB count in thousands, KiB, MiB and GiB in 1024s. */
export function byteSize({ min = 0, max = Number.MAX_SAFE_INTEGER }: Bounds = {}) {
  return field<number>(`bytes such as 512MB, ${rangeOf({ min, max })}`, (text) => {
    const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text) ?? [];
    const factor = UNITS[unit.toLowerCase()];
    if (digits === '' || factor === undefined) return { problem: `${quoted(text)} is no size` };
    const value = Math.round(Number(digits) * factor);
    return value >= min && value <= max ? { value } : { problem: `${quoted(text)} is out of range` };
  });
}

const UNITS: Readonly<Record<string, number | undefined>> = Object.assign(Object.create(null), {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
});

function whole(kind: string, expected: string, bounds: Bounds) {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = bounds;
  return field<number>(`${expected}${describe(rangeOf({ min, max }))}`, (text) => {
    if (!/^[+-]?\d+$/.test(text)) return { problem: `${quoted(text)} is no ${kind}` };
    const value = Number(text);
    return value >= min && value <= max ? { value } : { problem: `${quoted(text)} is out of range` };
  });
}

function describe(range: string): string {
  return range === '' ? '' : ` ${range}`;
}

function rangeOf({ min, max }: Required<Bounds>): string {
  const hasMin = min > Number.MIN_SAFE_INTEGER;
  const hasMax = max < Number.MAX_SAFE_INTEGER;
  if (hasMin && hasMax) return `from ${min} to ${max}`;
  if (hasMin) return `from ${min} up`;
  return hasMax ? `up to ${max}` : '';
}
