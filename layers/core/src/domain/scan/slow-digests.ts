import { BIRTH_JITTER_S } from '../digests/baseline.ts';
import { type DigestIdentity, decodeDigestKey } from '../digests/digest-key.ts';
import type { RowChange } from '../digests/row-changes.ts';
import { fnv1a64 } from '../ownership/hash64.ts';
import { eventIdOf } from './event-id.ts';

/** Digest rows that have ever been slow, as of the last round that told of them. */
export interface DigestMemory {
  /** A row that is not remembered has never been slower than this, microseconds; `undefined`: nobody knows. */
  readonly floorUs: number | undefined;
  readonly uptimeS: number;
  /** When that round was read, epoch milliseconds. */
  readonly toMs: number;
  readonly rows: ReadonlyMap<string, RememberedRow>;
}

export const NO_DIGESTS: DigestMemory = { floorUs: undefined, uptimeS: 0, toMs: 0, rows: new Map() };

export interface RememberedRow {
  readonly bornS: number;
  readonly maxUs: number;
  readonly executions: number;
  readonly timeUs: number;
}

/** What a round of digests says, as far as it matters here. */
export interface DigestNews {
  readonly changes: readonly RowChange[];
  readonly verdict: 'begun' | 'continued' | 'reset' | 'purged';
  readonly uptimeS: number;
  readonly fromMs: number | undefined;
  readonly toMs: number;
}

/** A digest that ran slowly between two reads. */
export interface SlowDigest {
  /** Of the event. */
  readonly id: string;
  readonly identity: DigestIdentity;
  /** Normalised, where the read brought it. */
  readonly text: string | undefined;
  readonly durationUs: number;
  /** One execution took exactly so long; else one took at least so long. */
  readonly isExact: boolean;
}

export interface SlowDigests {
  /** The slowest first. */
  readonly slow: readonly SlowDigest[];
  /** Others, beyond the limit. */
  readonly leftOut: number;
}

export interface SlowDigestsOptions {
  readonly proxy: string;
  readonly thresholdUs: number;
  readonly limit: number;
}

export const MAX_REMEMBERED = 2_000;
/** Births are told by whole seconds, and by slow reads. */
const SAME_BIRTH_S = BIRTH_JITTER_S + 1;
/** The beginning of an interval is the end of the one before, by clocks that may be off by so much. */
const SAME_TIME_MS = 2_000;

/**
 * Digests of which an execution ended since the read before that took longer than the threshold: at most one for each row,
 * the slowest. One shows where the longest time of a row rose; where it did not, the mean of what was added still tells that
 * one took that long, and exactly so if there was only one. The first sight of a proxy tells nothing.
 */
export function slowDigestsOf(news: DigestNews, memory: DigestMemory, options: SlowDigestsOptions): SlowDigests {
  if (news.verdict === 'begun') return { slow: [], leftOut: 0 };
  const before = asOf(news, memory);
  const found = news.changes.flatMap((change) => findingOf(change, before, options.thresholdUs) ?? []);
  const slow = found.sort((a, b) => b.durationUs - a.durationUs).slice(0, options.limit);
  return {
    slow: slow.map(({ row, instance, durationUs, isExact }) => ({
      id: eventIdOf('slowSql', options.proxy, row.key, ...instance),
      identity: decodeDigestKey(row.key),
      text: row.text,
      durationUs,
      isExact,
    })),
    leftOut: found.length - slow.length,
  };
}

interface Finding {
  readonly row: RowChange['row'];
  /** What tells this time from others of the row, however often it is seen. */
  readonly instance: readonly (string | number)[];
  readonly durationUs: number;
  readonly isExact: boolean;
}

function findingOf(change: RowChange, before: DigestMemory, thresholdUs: number): Finding | undefined {
  const { row, by } = change;
  const maxUs = row.maxTimeUs;
  if (maxUs === undefined || maxUs < thresholdUs) return undefined;
  const known = knownOf(change, before);
  if (hasRisen(change, maxUs, known, before)) return { row, instance: [maxUs], durationUs: maxUs, isExact: true };
  const { executions, timeUs } = addedOf(by, row.counters, known);
  if (executions <= 0 || timeUs / executions < thresholdUs) return undefined;
  const durationUs = Math.min(maxUs, Math.floor(timeUs / executions));
  const instance = ['mean', row.counters.executions, row.counters.timeUs];
  return { row, instance, durationUs, isExact: executions === 1 };
}

/** What is to be remembered once the slow digests of a round were told. */
export function rememberDigests(news: DigestNews, memory: DigestMemory, thresholdUs: number): DigestMemory {
  const isWhole = news.verdict === 'begun' || news.verdict === 'reset';
  const before = asOf(news, memory);
  const rows = new Map(isWhole ? [] : before.rows);
  for (const { row, bornS } of news.changes) {
    if (row.maxTimeUs === undefined || row.maxTimeUs < thresholdUs) continue;
    const { executions, timeUs } = row.counters;
    rows.set(nameOf(row.key), { bornS, maxUs: row.maxTimeUs, executions, timeUs });
  }
  // Of a whole table that told nothing it is not certain that there was nothing to tell.
  const knownFloorUs = isWhole ? (news.changes.length > 0 ? 0 : undefined) : before.floorUs;
  const floorUs = knownFloorUs === undefined ? undefined : Math.max(knownFloorUs, thresholdUs);
  return bounded({ floorUs, uptimeS: news.uptimeS, toMs: news.toMs, rows });
}

/** What is remembered is void once the proxy has restarted, and once a round was missed. */
function asOf({ uptimeS, fromMs }: DigestNews, memory: DigestMemory): DigestMemory {
  const isMissed = fromMs === undefined || fromMs > memory.toMs + SAME_TIME_MS;
  return isMissed || uptimeS < memory.uptimeS ? NO_DIGESTS : memory;
}

/** The slowest are remembered. */
function bounded(memory: DigestMemory): DigestMemory {
  if (memory.rows.size <= MAX_REMEMBERED) return memory;
  const slowest = [...memory.rows].sort(([, a], [, b]) => b.maxUs - a.maxUs);
  const [, forgotten] = slowest[MAX_REMEMBERED] ?? [];
  const floorUs = memory.floorUs === undefined ? undefined : Math.max(memory.floorUs, (forgotten?.maxUs ?? 0) + 1);
  return { ...memory, floorUs, rows: new Map(slowest.slice(0, MAX_REMEMBERED)) };
}

/** The same life of the same row, if it is remembered. */
function knownOf({ row, bornS }: RowChange, memory: DigestMemory): RememberedRow | undefined {
  const known = memory.rows.get(nameOf(row.key));
  return known && Math.abs(known.bornS - bornS) <= SAME_BIRTH_S ? known : undefined;
}

function hasRisen(
  { kind, by }: RowChange,
  maxUs: number,
  known: RememberedRow | undefined,
  memory: DigestMemory,
): boolean {
  if (known) return maxUs > known.maxUs;
  if (kind === 'newborn' || kind === 'restarted') return true;
  if (kind === 'rebased') return false;
  // Where nobody knows how slow it was before, an execution that long must show in the time that was added.
  return (memory.floorUs !== undefined && maxUs >= memory.floorUs) || by.timeUs >= maxUs;
}

/** What was added since it was remembered: a round whose history could not be saved is seen again, with what came later. */
function addedOf(by: RowChange['by'], now: RowChange['row']['counters'], known: RememberedRow | undefined) {
  if (!known) return by;
  return {
    executions: Math.min(by.executions, now.executions - known.executions),
    timeUs: Math.min(by.timeUs, now.timeUs - known.timeUs),
  };
}

/** Short, since thousands are stored. */
function nameOf(key: string): string {
  const { high, low } = fnv1a64(key);
  return high.toString(36) + low.toString(36).padStart(7, '0');
}
