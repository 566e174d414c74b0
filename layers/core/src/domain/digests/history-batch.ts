import { decodeCounters, decodeMeta, encodeCounters, encodeMeta } from './history-record.ts';
import { ProxyHistory } from './proxy-history.ts';
import type { HistoryBatch, StoredHistory } from './stored-history.ts';

const META_KEY = 'meta';

/** Everything that a store must take over to equal the history; `undefined` without a first read. */
export function batchOf(history: ProxyHistory): HistoryBatch | undefined {
  const { baseline, totals, other, rows, series } = history;
  if (!baseline) return undefined;
  const changes = history.changesToStore();
  return {
    meta: encodeMeta(META_KEY, { baseline, totals, other }),
    replacesRows: changes.replacesRows,
    rows: new Map(
      [...changes.rows].map((key) => {
        const slot = rows.slotOf(key);
        return [key, encodeCounters(key, rows.countersAt(slot), rows.markAt(slot))];
      }),
    ),
    deletedRows: [...changes.purgedRows],
    series: new Map(
      [...changes.series].map((key) => [key, encodeCounters(key, series.totalOf(key), series.isNamed(key) ? 1 : 0)]),
    ),
  };
}

/** The history as it was stored. Throws RECORD_DAMAGED. */
export function historyOf(stored: StoredHistory): ProxyHistory {
  const history = new ProxyHistory();
  const { baseline, totals, other } = decodeMeta(META_KEY, stored.meta);
  for (const [key, record] of stored.rows) {
    const { counters, mark } = decodeCounters(key, record);
    history.rows.insert(key, counters, mark);
  }
  for (const [key, record] of stored.series) {
    const { counters, mark } = decodeCounters(key, record);
    history.series.put(key, counters, mark === 1);
  }
  history.restore(baseline, totals, other);
  return history;
}
