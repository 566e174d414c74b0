import { sumOf, ZERO } from './counters.ts';
import { seriesKeyOf } from './digest-key.ts';
import type { DigestCounters } from './digest-read.ts';
import type { RowChange } from './row-changes.ts';
import type { SeriesTable } from './series-table.ts';
import type { TopSeries, Turnover } from './top-series.ts';

/** How series may be named with one read. */
export interface NamingOptions {
  /** Bound of named series. */
  readonly topN: number;
  /** The reader's steady clock, seconds. */
  readonly atS: number;
  /**
   * Whether everything that was counted so far has been seen by a scrape. Only then may a series leave: an increase that
   * nobody saw would leave with it.
   */
  readonly mayLeave: boolean;
  /** Whether a series may be named at all; those that may not count in the remainder only. @default all may */
  readonly mayName?: (key: string) => boolean;
}

/** What a read did to the series. */
export interface Attribution {
  /** Series whose total moved, newly named ones included. */
  readonly movedSeries: ReadonlySet<string>;
  /** Series that were named by this read, with the text where the read brought it. */
  readonly namedSeries: ReadonlyMap<string, string | undefined>;
  /** Those of them that were named before, and go on at the total that they had. */
  readonly returnedSeries: ReadonlySet<string>;
  /** Series that are no longer named. */
  readonly unnamedSeries: ReadonlySet<string>;
  /** What of the read went to named series; the rest is the remainder's. */
  readonly named: DigestCounters;
}

/**
 * Gives each delta of a read to exactly one series. Who is named is decided first, from what earlier reads told: a leaver's
 * delta goes to the remainder, and so does that of a digest that enters late, since what it ran before was the
 * remainder's. Digests born since the last read enter in full while there is room.
 * The first read of all (`isFirst`) brings whole lives and says nothing of who is heavy lately. `wallS` is the reader's
 * wall clock.
 */
export function attribute(
  changes: readonly RowChange[],
  series: SeriesTable,
  ranking: TopSeries,
  { topN, atS, mayLeave, mayName }: NamingOptions,
  { wallS, isFirst }: { readonly wallS: number; readonly isFirst: boolean },
): Attribution {
  const { leavers, entrants } = mayLeave ? turnoverOf(series, ranking, { topN, atS, mayName }) : NO_TURNOVER;
  const returnedSeries = new Set(entrants.filter((key) => series.has(key)));
  for (const key of leavers) series.unname(key, wallS);
  for (const key of entrants) series.name(key);
  const entering = new Set(entrants);
  const movedSeries = new Set(entrants);
  const namedSeries = new Map<string, string | undefined>(entrants.map((key) => [key, undefined]));
  let named = ZERO;
  for (const { row, kind, by } of changes) {
    const key = seriesKeyOf(row.key);
    if (!series.isNamed(key) && !series.isSealed(key) && series.named.size < topN && mayName?.(key) !== false) {
      if (series.has(key)) returnedSeries.add(key);
      if (kind === 'increase' || series.has(key)) entering.add(key);
      series.name(key);
      namedSeries.set(key, row.text);
      movedSeries.add(key);
    }
    if (series.isNamed(key) && !entering.has(key)) {
      series.add(key, by);
      movedSeries.add(key);
      named = sumOf(named, by);
    }
    if (!isFirst && !series.isSealed(key)) ranking.note(key, by.timeUs, atS);
  }
  return { movedSeries, namedSeries, returnedSeries, unnamedSeries: new Set(leavers), named };
}

const NO_TURNOVER: Turnover = { leavers: [], entrants: [] };

/** Series that may be named no more leave at once, whatever their rank; so does a place that only they could have taken. */
function turnoverOf(
  series: SeriesTable,
  ranking: TopSeries,
  { topN, atS, mayName }: Omit<NamingOptions, 'mayLeave'>,
): Turnover {
  if (mayName === undefined) return ranking.plan(series.named, topN, atS);
  const barred = [...series.named].filter((key) => !mayName(key));
  const planned = ranking.plan(series.named, topN, atS);
  const entrants = planned.entrants.filter(mayName);
  return { leavers: [...new Set([...barred, ...planned.leavers])], entrants };
}
