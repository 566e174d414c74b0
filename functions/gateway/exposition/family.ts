import type { ValueKind } from './digits.ts';
import { canonicalFloat } from './labels.ts';

/** One metric family, declared as data. `name` is the name in the Prometheus text format. */
export interface Family {
  /** Counters end in `_total`, infos in `_info`; a name with a unit ends in it (before `_total`). */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'info';
  readonly help: string;
  /** `seconds`, `bytes`, …; only OpenMetrics shows it. */
  readonly unit?: string;
  /** How values are given and printed; of a histogram: its sum. */
  readonly value: ValueKind;
  /** Characters of the value slot, so that ordinary values never overflow it. @default - by kind, see `linesOf` */
  readonly width?: number;
  /** Upper bounds of a histogram's buckets, rising, without +Inf, in the family's unit. */
  readonly bounds?: readonly number[];
}

/** A line of a series: `{prefix}{labels}{suffix}{value}\n`. */
export interface Line {
  readonly prefix: Buffer;
  readonly suffix: Buffer;
  readonly value: ValueKind;
  readonly width: number;
  /** Whether `suffix` starts with a label, so that a comma must stand between. */
  readonly labelled: boolean;
}

/** The lines of one series in their order: one, but for histograms (`_bucket` …, `_sum`, `_count`). */
export function linesOf(family: Family): readonly Line[] {
  const { name, value } = family;
  const width = family.width ?? defaultWidth(family);
  if (family.type !== 'histogram') return [line(name, '', value, width)];
  const bounds = [...(family.bounds ?? []), Number.POSITIVE_INFINITY];
  return [
    ...bounds.map((bound) => line(`${name}_bucket`, `le="${canonicalFloat(bound)}"`, 'integer', COUNT_WIDTH)),
    line(`${name}_sum`, '', value, width),
    line(`${name}_count`, '', 'integer', COUNT_WIDTH),
  ];
}

/** The line that only OpenMetrics shows: when a counter began. */
export function createdPrefixOf(family: Family): Buffer {
  return Buffer.from(`${openMetricsNameOf(family)}_created{`);
}

/** OpenMetrics names a family without the suffix that its samples carry. */
export function openMetricsNameOf({ name, type }: Family): string {
  if (type === 'counter') return name.slice(0, -'_total'.length);
  return type === 'info' ? name.slice(0, -'_info'.length) : name;
}

/** Throws a TypeError on families that would make an invalid exposition: they are code, so this is a bug. */
export function checkFamilies(families: readonly Family[]): void {
  const names = new Set<string>();
  for (const family of families) {
    const problem = problemOf(family);
    if (problem !== undefined) throw new TypeError(`metric family ${family.name}: ${problem}`);
    const name = openMetricsNameOf(family);
    if (names.has(name)) throw new TypeError(`metric family ${family.name}: the name ${name} is taken`);
    names.add(name);
  }
}

const COUNT_WIDTH = 10;

function defaultWidth({ type, value }: Family): number {
  if (type === 'info') return 1;
  // Ten billion executions, or ten million seconds of them: years of a busy proxy.
  const digits = type === 'gauge' ? 6 : 10;
  return value === 'micros' ? digits + 4 : digits;
}

function line(name: string, label: string, value: ValueKind, width: number): Line {
  const labelled = label !== '';
  return { prefix: Buffer.from(`${name}{`), suffix: Buffer.from(`${label}} `), value, width, labelled };
}

function problemOf({ name, type, unit, bounds, value, width }: Family): string | undefined {
  if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) return 'no valid name';
  if (type === 'counter' && !name.endsWith('_total')) return 'a counter ends in _total';
  if (type === 'info' && !name.endsWith('_info')) return 'an info ends in _info';
  if (type === 'info' && unit !== undefined) return 'an info has no unit';
  const base = type === 'counter' ? name.slice(0, -'_total'.length) : name;
  if (unit !== undefined && !base.endsWith(`_${unit}`)) return `the name does not end in its unit ${unit}`;
  if ((type === 'histogram') !== (bounds !== undefined)) return 'bounds belong to histograms, and all of those';
  if (bounds?.some((bound, i) => !Number.isFinite(bound) || bound <= (bounds[i - 1] ?? Number.NEGATIVE_INFINITY))) {
    return 'bounds do not rise';
  }
  const narrowest = value === 'micros' ? 8 : 1;
  if (width !== undefined && !(width >= narrowest && width < 256)) return `no value fits a width of ${width}`;
  return undefined;
}
