import { type Attribution, attribute, type NamingOptions } from './attribution.ts';
import { type Baseline, baselineOf, type ReadTiming } from './baseline.ts';
import { CounterTable } from './counter-table.ts';
import { differenceOf, sumOf, ZERO } from './counters.ts';
import type { DigestCounters, DigestRead } from './digest-read.ts';
import { type RowChange, type RowChanges, rowChangesOf, rowsInFull } from './row-changes.ts';
import { SeriesTable } from './series-table.ts';
import { TopSeries } from './top-series.ts';
import { hasUptimeFallen, type Suspicion, type Verdict, verdictOf } from './verdict.ts';

/** What one read did to the history. */
export type Correction =
  /** Nothing was taken over: read the whole table and correct again. */
  | { readonly kind: 'full-read-needed'; readonly reason: Suspicion | 'no-history' }
  | ({
      readonly kind: 'corrected';
      readonly verdict: 'begun' | Exclude<Verdict['kind'], 'suspect'>;
      readonly reason: 'restart' | 'table-reset' | undefined;
    } & Attribution);

/** How fast time that a series took stops counting for its rank. */
const RANKING_HALF_LIFE_S = 300;

/** What a store must take over so that it equals the history: keys of records to write or to delete. */
export interface HistoryChanges {
  /** All rows that the store holds are void: they are of an older epoch, or the store lost some. */
  readonly replacesRows: boolean;
  readonly rows: ReadonlySet<string>;
  readonly purgedRows: ReadonlySet<string>;
  readonly series: ReadonlySet<string>;
}

/**
 * The statistics history of one proxy: it turns reads of a table that restarts, wraps and is reset by others into totals
 * that only grow. Arithmetic only; reads come from a driver, the state is kept by a store.
 *
 * Invariant: `totals = other + Σ totals of all series`, column by column, after every read.
 */
export class ProxyHistory {
  readonly rows = new CounterTable();
  readonly series = new SeriesTable();
  readonly #ranking = new TopSeries(RANKING_HALF_LIFE_S);
  #baseline: Baseline | undefined;
  #totals: DigestCounters = ZERO;
  #other: DigestCounters = ZERO;
  #isRestartProven = false;
  #unstored: MutableChanges = noChanges();

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

  /** Takes the state of a store over, before the first read. Rows and series are put in by the caller. */
  restore(baseline: Baseline, totals: DigestCounters, other: DigestCounters): void {
    this.#baseline = baseline;
    this.#totals = totals;
    this.#other = other;
  }

  /** Merges one read. */
  correct(read: DigestRead, timing: ReadTiming, naming: NamingOptions): Correction {
    const before = this.#baseline;
    if (!before) return this.#begin(read, timing, naming, undefined);
    const changes = rowChangesOf(read, this.rows, before, timing.tookS);
    this.#isRestartProven ||= hasUptimeFallen(read, before);
    const verdict = verdictOf(read, changes, before, this.rows.size, timing, this.#isRestartProven);
    if (verdict.kind === 'suspect') return { kind: 'full-read-needed', reason: verdict.reason };
    if (verdict.kind === 'reset') return this.#begin(read, timing, naming, verdict.reason);
    if (verdict.kind === 'purged') this.#forgetMissing(read);
    this.#baseline = baselineOf(read, timing, before, false);
    return { kind: 'corrected', verdict: verdict.kind, reason: undefined, ...this.#attribute(changes, naming, false) };
  }

  /** What changed since `markStored`; a store that takes it over equals the history. */
  changesToStore(): HistoryChanges {
    return this.#unstored;
  }

  markStored(): void {
    this.#unstored = noChanges();
  }

  /** The store lost what it held: everything is to be written again. */
  markLost(): void {
    const rows = new Set(this.rows.keys());
    this.#unstored = { replacesRows: true, rows, purgedRows: new Set(), series: new Set(this.series.keys()) };
  }

  /** A new life of the whole table: every row counts in full. Without any history the proxy's own counters are the truth so far. */
  #begin(
    read: DigestRead,
    timing: ReadTiming,
    naming: NamingOptions,
    reason: 'restart' | 'table-reset' | undefined,
  ): Correction {
    if (read.kind !== 'full') return { kind: 'full-read-needed', reason: 'no-history' };
    this.rows.clear();
    this.#unstored = { ...noChanges(), replacesRows: true, series: this.#unstored.series };
    this.#isRestartProven = false;
    this.#baseline = baselineOf(read, timing, this.#baseline, true);
    const verdict = reason ? 'reset' : 'begun';
    return { kind: 'corrected', verdict, reason, ...this.#attribute(rowsInFull(read), naming, verdict === 'begun') };
  }

  #attribute(
    { changes, total }: Pick<RowChanges, 'changes' | 'total'>,
    naming: NamingOptions,
    isFirst: boolean,
  ): Attribution {
    const attribution = attribute(changes, this.series, this.#ranking, naming, isFirst);
    for (const change of changes) this.#keepRow(change);
    for (const keys of [attribution.movedSeries, attribution.unnamedSeries]) {
      for (const key of keys) this.#unstored.series.add(key);
    }
    this.#totals = sumOf(this.#totals, total);
    this.#other = sumOf(this.#other, differenceOf(total, attribution.named));
    return attribution;
  }

  #keepRow({ row, bornS, slot, kind }: RowChange): void {
    if (slot < 0) this.rows.insert(row.key, row.counters, bornS);
    // Slow reads make births look older, never younger, so within one life the youngest reading is the truest.
    else this.rows.set(slot, row.counters, kind === 'restarted' ? bornS : Math.max(bornS, this.rows.markAt(slot)));
    this.#unstored.rows.add(row.key);
    this.#unstored.purgedRows.delete(row.key);
  }

  #forgetMissing(read: DigestRead): void {
    const present = new Set(read.rows.map((row) => row.key));
    for (const key of this.rows.keys()) {
      if (present.has(key)) continue;
      this.rows.delete(key);
      this.#unstored.rows.delete(key);
      this.#unstored.purgedRows.add(key);
    }
  }
}

type MutableChanges = {
  readonly [K in keyof HistoryChanges]: HistoryChanges[K] extends boolean ? boolean : Set<string>;
};

function noChanges(): MutableChanges {
  return { replacesRows: false, rows: new Set(), purgedRows: new Set(), series: new Set() };
}
