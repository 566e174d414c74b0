import { COLUMNS, differenceOf, sumOf, ZERO } from '../digests/counters.ts';
import { decodeDigestKey, seriesKeyOf } from '../digests/digest-key.ts';
import type { DigestCounters } from '../digests/digest-read.ts';
import type { RowChange } from '../digests/row-changes.ts';
import type { StatementFilter } from '../monitoring-settings/statement-filter.ts';
import { eventIdOf } from './event-id.ts';
import type { SqlStatsDigest, SqlStatsRecord } from './scan-record.ts';

/** What a proxy ran between two reads of its digests. */
export interface SqlStatsInterval {
  readonly proxy: string;
  readonly namespace: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly changes: readonly RowChange[];
  /** What the totals grew by: at least the sum of the changes. */
  readonly total: DigestCounters;
}

interface DigestSum {
  readonly counters: DigestCounters;
  readonly text: string | undefined;
  readonly minTimeUs: number | undefined;
  readonly maxTimeUs: number | undefined;
}

/**
 * Records of an interval: one for each of the `topN` digests that took most time, and one for all else, which makes their
 * sum the growth of the totals. Rows that differ only in the client address are one digest. Nothing ran: no record.
 * `tells`: which digests may have a record of their own, all unless it is given.
 */
export function sqlStatsRecordsOf(interval: SqlStatsInterval, topN: number, tells?: StatementFilter): SqlStatsRecord[] {
  const sums = [...digestSumsOf(interval.changes)];
  const told = tells === undefined ? sums : sums.filter(([key]) => tells(decodeDigestKey(key)));
  const top = told.toSorted(byTime).slice(0, topN);
  const named = top.reduce((sum, [, { counters }]) => sumOf(sum, counters), ZERO);
  const rest = differenceOf(interval.total, named);
  const records = top.map(([key, sum]) => recordOf(interval, key, sum.counters, digestOf(key, sum)));
  return isAnything(rest) ? [...records, recordOf(interval, REST, rest, undefined)] : records;
}

/** No digest's key. */
const REST = '';

function digestSumsOf(changes: readonly RowChange[]): Map<string, DigestSum> {
  const sums = new Map<string, DigestSum>();
  for (const { row, by } of changes) {
    if (!isAnything(by)) continue;
    const key = seriesKeyOf(row.key);
    const before = sums.get(key);
    sums.set(key, {
      counters: before ? sumOf(before.counters, by) : by,
      text: before?.text ?? row.text,
      minTimeUs: extremeOf(Math.min, before?.minTimeUs, row.minTimeUs),
      maxTimeUs: extremeOf(Math.max, before?.maxTimeUs, row.maxTimeUs),
    });
  }
  return sums;
}

function recordOf(
  { proxy, namespace, fromMs, toMs }: SqlStatsInterval,
  key: string,
  counters: DigestCounters,
  digest: SqlStatsDigest | undefined,
): SqlStatsRecord {
  const eventId = eventIdOf('sqlStats', proxy, toMs, key);
  const base = { kind: 'sqlStats', eventId, proxy, namespace, observedAtMs: toMs, fromMs, toMs } as const;
  return { ...base, ...counters, ...(digest && { digest }) };
}

function digestOf(key: string, { text, minTimeUs, maxTimeUs }: DigestSum): SqlStatsDigest {
  const { hostgroup, schema, user, digest } = decodeDigestKey(key);
  return {
    hostgroup,
    schema,
    user,
    digest,
    ...(text !== undefined && { text }),
    ...(minTimeUs !== undefined && { minTimeUs }),
    ...(maxTimeUs !== undefined && { maxTimeUs }),
  };
}

/** The most time first; the key decides between equals, so that the same read always gives the same records. */
function byTime([aKey, a]: [string, DigestSum], [bKey, b]: [string, DigestSum]): number {
  const by = b.counters.timeUs - a.counters.timeUs || b.counters.executions - a.counters.executions;
  return by || (aKey < bKey ? -1 : 1);
}

function extremeOf(pick: (a: number, b: number) => number, a: number | undefined, b: number | undefined) {
  return a === undefined || b === undefined ? (a ?? b) : pick(a, b);
}

function isAnything(counters: DigestCounters): boolean {
  return COLUMNS.some((column) => counters[column] !== 0);
}
