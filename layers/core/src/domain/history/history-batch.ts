import { ZERO } from '../digests/counters.ts';
import { ProxyHistory } from '../digests/proxy-history.ts';
import { SqlErrorHistory } from '../sql-errors.ts';
import { encodeCounters, encodeMeta } from './history-record.ts';
import type { HistoryBatch, Records } from './stored-history.ts';

export const META_KEY = 'meta';

/** All that is remembered of one proxy. */
export interface RememberedProxy {
  readonly digests: ProxyHistory;
  readonly errors: SqlErrorHistory;
}

export function nothingRemembered(): RememberedProxy {
  return { digests: new ProxyHistory(), errors: new SqlErrorHistory() };
}

/**
 * Rows of one write at most. More of them, as after a whole table was read, go in several: what is written takes a multiple
 * of what is kept. Until the last one the store holds fewer rows than are known: those count as forgotten.
 */
const MAX_ROWS = 20_000;

/**
 * What a store must take over to equal the history, or to come nearer to it (`isAllStored` tells); `undefined` without a first read.
 * With `isFirst` the store holds nothing of it yet, or nothing that can be relied upon.
 */
export function batchOf(remembered: RememberedProxy, isFirst: boolean, maxRows = MAX_ROWS): HistoryBatch | undefined {
  const { digests, errors } = remembered;
  const { baseline, totals, other, retired, rows, series } = digests;
  if (!baseline) return undefined;
  if (isFirst) markLost(remembered);
  const changes = digests.changesToStore();
  return {
    replaces: isFirst ? 'everything' : changes.replacesRows ? 'rows' : 'nothing',
    meta: encodeMeta(META_KEY, { baseline, totals, other, retired, sealedSeries: series.sealedCount }),
    rows: recordsOf(changes.rows.values().take(maxRows), (key) => {
      const { table } = rows;
      const slot = table.slotOf(key);
      return encodeCounters(key, table.countersAt(slot), table.markAt(slot), table.touchedAt(slot));
    }),
    deletedRows: [...changes.purgedRows],
    series: recordsOf(changes.series, (key) => {
      const { mark, goneS } = series.stateOf(key);
      return encodeCounters(key, series.totalOf(key), mark, goneS);
    }),
    deletedSeries: changes.retiredSeries,
    errors: new Map(
      [...errors.changesToStore()].map(([key, { count, bornS, sealedS }]) => [
        key,
        encodeCounters(key, { ...ZERO, executions: count }, bornS, sealedS),
      ]),
    ),
  };
}

/** The store took a batch over, and holds `storedRows` rows now. */
export function markStored({ digests, errors }: RememberedProxy, storedRows: number, batch: HistoryBatch): void {
  const { rows, series, deletedSeries } = batch;
  digests.markStored(storedRows, { rows: rows.keys(), series: series.keys(), retiredSeries: deletedSeries });
  errors.markStored();
}

export function isAllStored({ digests }: RememberedProxy): boolean {
  return digests.changesToStore().rows.size === 0;
}

/** The store holds nothing of it any more, or nothing that can be relied upon. */
export function markLost({ digests, errors }: RememberedProxy): void {
  digests.markLost();
  errors.markLost();
}

function recordsOf(keys: Iterable<string>, recordOf: (key: string) => string): Records {
  const records = new Map<string, string>();
  for (const key of keys) records.set(key, recordOf(key));
  return records;
}
