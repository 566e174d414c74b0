import { differenceOf, isAnyBelow, sumOf, ZERO } from '../digests/counters.ts';
import type { DigestCounters } from '../digests/digest-read.ts';
import type { HistoryState, ProxyHistory } from '../digests/proxy-history.ts';
import { NAMED } from '../digests/series-table.ts';
import { messageOf } from '../errors.ts';
import { META_KEY, nothingRemembered, type RememberedProxy } from './history-batch.ts';
import { decodeCounters, decodeMeta } from './history-record.ts';
import type { StoredHistory } from './stored-history.ts';

export type RecordKind = 'meta' | 'row' | 'series' | 'errors';

/** A record that cannot be read, or that is not there. */
export interface Damage {
  readonly kind: RecordKind;
  readonly key: string;
  /** As it was found; `undefined` when it is missing. */
  readonly record: string | undefined;
  readonly why: string;
}

export interface Restored {
  readonly remembered: RememberedProxy;
  readonly damage: readonly Damage[];
  /** Nothing could be taken over: the history begins anew from the proxy's own counters. */
  readonly isBegunAnew: boolean;
}

/**
 * The history as it was stored, its rows left in the store. What is damaged costs as little as can be proven, and no
 * series that goes on ever falls; `nowS` is the reader's wall clock.
 */
export function restoreHistory(stored: StoredHistory, nowS: number): Restored {
  const damage: Damage[] = [];
  const remembered = nothingRemembered();
  const meta = metaOf(stored, damage);
  if (!meta) return { remembered, damage, isBegunAnew: true };
  const { digests, errors } = remembered;
  const damagedSeries = restoreSeries(stored, digests, damage, nowS);
  const inSeries = sumOfSeries(digests);
  const unaccounted = differenceOf(differenceOf(differenceOf(meta.totals, meta.other), meta.retired), inSeries);
  const isOneProvable = stored.missing.series === 0 && digests.series.sealedCount === meta.sealedSeries;
  const retired = settleSeries(digests, damagedSeries, unaccounted, isOneProvable, nowS);
  digests.restore({ ...meta, retired: sumOf(meta.retired, retired) }, stored.storedRows);
  for (const [key, record] of stored.errors) {
    try {
      const { counters, mark, touchedS } = decodeCounters(key, record);
      errors.restore(key, counters.executions, mark, touchedS);
    } catch (error) {
      damage.push({ kind: 'errors', key, record, why: messageOf(error) });
      errors.restoreDamaged(key, nowS);
    }
  }
  if (stored.missing.errors > 0) errors.expectUnknownRows();
  noteMissing(stored, damage);
  return { remembered, damage, isBegunAnew: false };
}

function metaOf({ meta, metaCopy }: StoredHistory, damage: Damage[]): HistoryState | undefined {
  for (const record of [meta, metaCopy]) {
    try {
      return decodeMeta(META_KEY, record);
    } catch (error) {
      damage.push({ kind: 'meta', key: META_KEY, record, why: messageOf(error) });
    }
  }
  return undefined;
}

/** Answers the keys of series whose records cannot be read. */
function restoreSeries(stored: StoredHistory, digests: ProxyHistory, damage: Damage[], nowS: number): string[] {
  const damaged: string[] = [];
  for (const [key, record] of stored.series) {
    try {
      const { counters, mark, touchedS } = decodeCounters(key, record);
      digests.series.restore(key, counters, { mark, goneS: touchedS }, nowS);
      // An older version did not note since when it is not shown: from now on, then.
      if (mark !== NAMED && touchedS === 0) digests.noteSeriesChanged(key);
    } catch (error) {
      damage.push({ kind: 'series', key, record, why: messageOf(error) });
      damaged.push(key);
    }
  }
  return damaged;
}

/**
 * Totals are the remainder and all series, so one series that is damaged has what the others leave, unless it may have
 * been a sealed one. Of several nobody can tell who had what: they are sealed, and what they had together is in no series
 * any more (the answer).
 */
function settleSeries(
  digests: ProxyHistory,
  damaged: readonly string[],
  unaccounted: DigestCounters,
  isOneProvable: boolean,
  nowS: number,
): DigestCounters {
  const [only, ...others] = damaged;
  if (only !== undefined && others.length === 0 && isOneProvable && !isAnyBelow(unaccounted, ZERO)) {
    digests.series.restore(only, unaccounted, { mark: NAMED, goneS: 0 }, nowS);
    digests.noteSeriesChanged(only);
    return ZERO;
  }
  for (const key of damaged) {
    digests.series.seal(key, nowS);
    digests.noteSeriesChanged(key);
  }
  return unaccounted;
}

function sumOfSeries({ series }: ProxyHistory): DigestCounters {
  let sum = ZERO;
  for (const key of series.keys()) sum = sumOf(sum, series.totalOf(key));
  return sum;
}

function noteMissing({ missing }: StoredHistory, damage: Damage[]): void {
  const kinds: readonly [RecordKind, number][] = [
    ['row', missing.rows],
    ['series', missing.series],
    ['errors', missing.errors],
  ];
  for (const [kind, count] of kinds) {
    if (count > 0) damage.push({ kind, key: '', record: undefined, why: `${count} records are missing` });
  }
}
