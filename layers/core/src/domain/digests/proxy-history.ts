import { type Attribution, attribute, type NamingOptions } from './attribution.ts';
import { type Baseline, baselineOf, type ReadTiming } from './baseline.ts';
import { differenceOf, sumOf, ZERO } from './counters.ts';
import { areRowsLeftOut, type DigestCounters, type DigestRead } from './digest-read.ts';
import { KnownRows, type RowsToStore } from './known-rows.ts';
import { planRecall, type Recall, type RecallScope } from './recall.ts';
import { type RowChange, type RowChanges, rowChangesOf, rowsInFull, unattributed } from './row-changes.ts';
import { SeriesTable } from './series-table.ts';
import { TopSeries } from './top-series.ts';
import { hasUptimeFallen, type Suspicion, type Verdict, verdictOf } from './verdict.ts';

/** What one read did to the history. */
export type Correction =
  /** Nothing was taken over: read the whole table and correct again. */
  | { readonly kind: 'full-read-needed'; readonly reason: Suspicion | 'no-history' }
  /** Nothing was taken over: ask the store for rows of this read (`recallOf`) and correct again. */
  | { readonly kind: 'rows-needed'; readonly scope: RecallScope }
  | ({
      readonly kind: 'corrected';
      readonly verdict: 'begun' | Exclude<Verdict['kind'], 'suspect' | 'unsure'>;
      readonly reason: 'restart' | 'table-reset' | undefined;
      /** Row by row; at the first sight of a proxy whole lives. */
      readonly changes: readonly RowChange[];
      /** What the totals grew by: the sum of the changes, and what no row explains. */
      readonly total: DigestCounters;
    } & Attribution);

/** How fast time that a series took stops counting for its rank. */
const RANKING_HALF_LIFE_S = 300;

/** What a store must take over so that it equals the history: keys of records to write or to delete. */
export interface HistoryChanges extends RowsToStore {
  readonly series: readonly string[];
  readonly retiredSeries: readonly string[];
}

/** Keys of records that a store has written or deleted. */
export interface StoredChanges {
  readonly rows: Iterable<string>;
  readonly series: Iterable<string>;
  readonly retiredSeries: Iterable<string>;
}

/** What is remembered beside rows and series. */
export interface HistoryState {
  readonly baseline: Baseline;
  readonly totals: DigestCounters;
  readonly other: DigestCounters;
  readonly retired: DigestCounters;
  readonly sealedSeries: number;
}

/** A series key as a string of its own, and its place in a map. */
const BYTES_PER_SCORE = 150;

/**
 * The statistics history of one proxy: it turns reads of a table that restarts, wraps and is reset by others into totals
 * that only grow. Arithmetic only; reads come from a driver, the state is kept by a store.
 *
 * Invariant: `totals = other + retired + Σ totals of all series`, column by column, after every read.
 */
export class ProxyHistory {
  readonly rows = new KnownRows();
  readonly series = new SeriesTable();
  readonly #ranking = new TopSeries(RANKING_HALF_LIFE_S);
  #baseline: Baseline | undefined;
  #totals: DigestCounters = ZERO;
  #other: DigestCounters = ZERO;
  #retired: DigestCounters = ZERO;
  #isRestartProven = false;
  readonly #unstoredSeries = new Set<string>();

  get baseline(): Baseline | undefined {
    return this.#baseline;
  }

  /** Counters of everything that the proxy ever ran and a read could see. */
  get totals(): DigestCounters {
    return this.#totals;
  }

  /** What of the totals is in no series: the remainder `__other__`. */
  get other(): DigestCounters {
    return this.#other;
  }

  /** What of the totals is in no series any more, and is shown by none: that of series that were retired, or lost. */
  get retired(): DigestCounters {
    return this.#retired;
  }

  /** About so many bytes of memory. */
  get byteLength(): number {
    return this.rows.table.byteLength + this.series.byteLength + this.#ranking.size * BYTES_PER_SCORE;
  }

  /** Takes the state of a store over, before the first read. Series are put in by the caller, rows stay in the store. */
  restore({ baseline, totals, other, retired }: Omit<HistoryState, 'sealedSeries'>, storedRows: number): void {
    this.#baseline = baseline;
    this.#totals = totals;
    this.#other = other;
    this.#retired = retired;
    this.rows.leaveInStore(storedRows);
  }

  /**
   * Which rows of a read the store is to be asked for before the read can be merged: those that only it holds. Of a full
   * read that are, for a first try, those that may have changed.
   */
  recallOf(read: DigestRead, scope: RecallScope = 'changed'): Recall {
    const before = this.#baseline;
    if (before) this.#isRestartProven ||= hasUptimeFallen(read, before);
    return planRecall(read, this.rows, this.#isRestartProven ? undefined : before, scope);
  }

  /** Merges one read; `recall` tells what the store holds of rows that memory lacks. */
  correct(
    read: DigestRead,
    timing: ReadTiming,
    naming: NamingOptions,
    recall: Recall = this.recallOf(read),
  ): Correction {
    const before = this.#baseline;
    if (!before) return this.#begin(read, timing, naming, undefined);
    const changes = rowChangesOf(read, this.rows, before, timing.tookS, recall);
    if (!changes) return { kind: 'rows-needed', scope: recall.scope };
    const verdict = verdictOf(read, changes, before, this.rows, timing, this.#isRestartProven);
    if (verdict.kind === 'suspect') return { kind: 'full-read-needed', reason: verdict.reason };
    if (verdict.kind === 'unsure') return { kind: 'rows-needed', scope: 'all' };
    if (verdict.kind === 'reset') return this.#begin(read, timing, naming, verdict.reason);
    this.#baseline = baselineOf(read, timing, before, false);
    if (areRowsLeftOut(read)) return this.#forgetRows(unattributed(changes, read, before), timing, naming);
    this.rows.adopt(recall);
    const isUnexplained = verdict.kind === 'continued' && !changes.isExplained;
    const merged = isUnexplained ? unattributed(changes, read, before) : changes;
    const attribution = this.#attribute(merged, timing, naming, false);
    const isAnyGone = verdict.kind === 'purged' || (read.kind === 'full' && this.rows.areMoreThan(read.tableRows));
    if (isAnyGone) this.rows.keepOnly(read, timing.wallS);
    const { changes: rowChanges, total } = merged;
    return { kind: 'corrected', verdict: verdict.kind, reason: undefined, changes: rowChanges, total, ...attribution };
  }

  /** A series is other than the store has it, for another reason than a read. */
  noteSeriesChanged(key: string): void {
    this.#unstoredSeries.add(key);
  }

  /**
   * Forgets series that are not shown since `goneBeforeS` of the wall clock, so that memory does not grow with all that
   * were ever shown; answers how many. When they come back they begin at zero.
   */
  retireSeries(goneBeforeS: number): number {
    const { keys, total } = this.series.retire(goneBeforeS);
    for (const key of keys) this.#unstoredSeries.add(key);
    this.#retired = sumOf(this.#retired, total);
    return keys.length;
  }

  /** What changed since `markStored`; a store that takes it over equals the history. */
  changesToStore(): HistoryChanges {
    const [series, retiredSeries]: [string[], string[]] = [[], []];
    for (const key of this.#unstoredSeries) (this.series.has(key) ? series : retiredSeries).push(key);
    return { ...this.rows.toStore(), series, retiredSeries };
  }

  /** The store took changes over, of the rows at least these, and holds `storedRows` rows now. */
  markStored(
    storedRows = this.rows.size + this.rows.evicted,
    { rows, series, retiredSeries }: StoredChanges = this.changesToStore(),
  ): void {
    this.rows.markStored(storedRows, rows);
    // Series may have been retired while the store was being written.
    for (const key of series) if (this.series.has(key)) this.#unstoredSeries.delete(key);
    for (const key of retiredSeries) if (!this.series.has(key)) this.#unstoredSeries.delete(key);
  }

  /** The store lost what it held: everything is to be written again. */
  markLost(): void {
    this.rows.markLost();
    this.#unstoredSeries.clear();
    for (const key of this.series.keys()) this.#unstoredSeries.add(key);
  }

  /** A new life of the whole table: every row counts in full. Without any history the proxy's own counters are the truth so far. */
  #begin(
    read: DigestRead,
    timing: ReadTiming,
    naming: NamingOptions,
    reason: 'restart' | 'table-reset' | undefined,
  ): Correction {
    if (read.kind !== 'full') return { kind: 'full-read-needed', reason: 'no-history' };
    this.rows.begin();
    this.#isRestartProven = false;
    this.#baseline = baselineOf(read, timing, this.#baseline, true);
    const verdict = reason ? 'reset' : 'begun';
    const all = rowsInFull(read);
    const attribution = this.#attribute(all, timing, naming, verdict === 'begun');
    return { kind: 'corrected', verdict, reason, ...all, ...attribution };
  }

  /**
   * What happened to the rows of a table that is too large to be read whole is not known: all of them are forgotten, and
   * what the sums grew by is the remainder's.
   */
  #forgetRows(grown: Pick<RowChanges, 'changes' | 'total'>, timing: ReadTiming, naming: NamingOptions): Correction {
    this.rows.begin();
    const attribution = this.#attribute(grown, timing, naming, false);
    return { kind: 'corrected', verdict: 'continued', reason: undefined, ...grown, ...attribution };
  }

  #attribute(
    { changes, total }: Pick<RowChanges, 'changes' | 'total'>,
    { wallS }: ReadTiming,
    naming: NamingOptions,
    isFirst: boolean,
  ): Attribution {
    const attribution = attribute(changes, this.series, this.#ranking, naming, { wallS, isFirst });
    for (const change of changes) this.rows.keep(change, wallS);
    for (const keys of [attribution.movedSeries, attribution.unnamedSeries]) {
      for (const key of keys) this.#unstoredSeries.add(key);
    }
    this.#totals = sumOf(this.#totals, total);
    this.#other = sumOf(this.#other, differenceOf(total, attribution.named));
    return attribution;
  }
}
