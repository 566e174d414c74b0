import { ZERO } from '../digests/counters.ts';
import type { DigestCounters } from '../digests/digest-read.ts';
import { ProxyHistory } from '../digests/proxy-history.ts';
import { SqlErrorHistory } from '../sql-errors.ts';
import { decodeCounters, decodeMeta, encodeCounters, encodeMeta } from './history-record.ts';
import type { HistoryBatch, Records, StoredHistory } from './stored-history.ts';

const META_KEY = 'meta';

/** All that is remembered of one proxy. */
export interface RememberedProxy {
  readonly digests: ProxyHistory;
  readonly errors: SqlErrorHistory;
}

export function nothingRemembered(): RememberedProxy {
  return { digests: new ProxyHistory(), errors: new SqlErrorHistory() };
}

/**
 * What a store must take over to equal the history; `undefined` without a first read. With `isFirst` the store holds
 * nothing of it yet, or nothing that can be relied upon.
 */
export function batchOf({ digests, errors }: RememberedProxy, isFirst: boolean): HistoryBatch | undefined {
  const { baseline, totals, other, rows, series } = digests;
  if (!baseline) return undefined;
  if (isFirst) {
    digests.markLost();
    errors.markLost();
  }
  const changes = digests.changesToStore();
  const rowRecord = (key: string) => {
    const slot = rows.slotOf(key);
    return encodeCounters(key, rows.countersAt(slot), rows.markAt(slot));
  };
  return {
    replaces: isFirst ? 'everything' : changes.replacesRows ? 'rows' : 'nothing',
    meta: encodeMeta(META_KEY, { baseline, totals, other }),
    rows: recordsOf(changes.rows, rowRecord),
    deletedRows: [...changes.purgedRows],
    series: recordsOf(changes.series, (key) => encodeCounters(key, series.totalOf(key), series.isNamed(key) ? 1 : 0)),
    errors: new Map(
      [...errors.changesToStore()].map(([key, { count, bornS }]) => [
        key,
        encodeCounters(key, countersOf(count), bornS),
      ]),
    ),
  };
}

export function markStored({ digests, errors }: RememberedProxy): void {
  digests.markStored();
  errors.markStored();
}

/** The history as it was stored. Throws RECORD_DAMAGED. */
export function rememberedOf(stored: StoredHistory): RememberedProxy {
  const remembered = nothingRemembered();
  const { digests, errors } = remembered;
  const { baseline, totals, other } = decodeMeta(META_KEY, stored.meta);
  for (const [key, record] of stored.rows) {
    const { counters, mark } = decodeCounters(key, record);
    digests.rows.insert(key, counters, mark);
  }
  for (const [key, record] of stored.series) {
    const { counters, mark } = decodeCounters(key, record);
    digests.series.put(key, counters, mark === 1);
  }
  for (const [key, record] of stored.errors) {
    const { counters, mark } = decodeCounters(key, record);
    errors.restore(key, counters.executions, mark);
  }
  digests.restore(baseline, totals, other);
  return remembered;
}

function countersOf(count: number): DigestCounters {
  return { ...ZERO, executions: count };
}

function recordsOf(keys: ReadonlySet<string>, recordOf: (key: string) => string): Records {
  return new Map([...keys].map((key) => [key, recordOf(key)]));
}
