import { type Baseline, jitterOf, oldestBornOf, type ReadTiming, youngerJitterOf } from './baseline.ts';
import { isAnyBelow } from './counters.ts';
import { areRowsLeftOut, type DigestRead } from './digest-read.ts';
import type { KnownRows } from './known-rows.ts';
import type { RowChanges } from './row-changes.ts';

/** What may have happened to the table between two reads. */
export type Suspicion = 'restart' | 'rows-vanished' | 'row-restarted' | 'oldest-row-younger' | 'sums-disagree';

export type Verdict =
  /** Nothing but executions: differences count. */
  | { readonly kind: 'continued' }
  /** Something else, and changed rows alone cannot tell what: read the whole table. */
  | { readonly kind: 'suspect'; readonly reason: Suspicion }
  /** Something else, and the whole table was read, but not compared with all that the store holds of it: ask the store. */
  | { readonly kind: 'unsure' }
  /** The whole table began again: every row counts in full, all that was known of rows is void. */
  | { readonly kind: 'reset'; readonly reason: 'restart' | 'table-reset' }
  /** Single rows were taken out while others lived on (PURGE of newer versions): row by row. */
  | { readonly kind: 'purged' };

/**
 * Judges a read against the baseline. `isRestartProven` tells that an earlier read since the same baseline saw the uptime
 * fall, which a later one need not show any more.
 */
export function verdictOf(
  read: DigestRead,
  changes: RowChanges,
  baseline: Baseline,
  rows: KnownRows,
  timing: ReadTiming,
  isRestartProven: boolean,
): Verdict {
  const jitterS = jitterOf(baseline, timing.tookS);
  const hasRestarted = isRestart(read, baseline, timing, jitterS);
  if (read.kind === 'full' && (isRestartProven || hasUptimeFallen(read, baseline))) {
    return { kind: 'reset', reason: 'restart' };
  }
  if (areRowsLeftOut(read)) return verdictWithoutRows(read, baseline);
  const suspicion = suspicionOf(read, changes, baseline, rows, hasRestarted);
  if (read.kind === 'changed') return suspicion ? { kind: 'suspect', reason: suspicion } : { kind: 'continued' };
  if (changes.untouched > 0) {
    const isAsChangedRowsSay = suspicion === undefined && changes.knownInMemory === rows.size;
    return isAsChangedRowsSay ? { kind: 'continued' } : { kind: 'unsure' };
  }
  return verdictOfAll(read, changes, baseline, rows, hasRestarted, jitterS);
}

/** Every row of the table was compared with all that is known. */
function verdictOfAll(
  read: DigestRead,
  changes: RowChanges,
  baseline: Baseline,
  rows: KnownRows,
  hasRestarted: boolean,
  jitterS: number,
): Verdict {
  // Rows that all live on outweigh any clock: a machine that slept longer than its proxy had run looks like a restart,
  // and counting its rows again would show more than ever ran.
  const known = changes.knownInMemory + changes.knownInStore;
  const heldInStore = changes.knownInStore + changes.damaged;
  const areAllThere = rows.areAll(changes.knownInMemory, heldInStore, baseline.tableRows);
  const isNothingLost = changes.damaged === 0 && rows.forgottenOf(baseline.tableRows) === 0;
  const isAnyKnown = known > 0 || isNothingLost;
  if (areAllThere && changes.restarted === 0 && (isAnyKnown || mayHaveGoneOn(read, baseline)))
    return { kind: 'continued' };
  if (hasRestarted) return { kind: 'reset', reason: 'restart' };
  const survivors = known - changes.restarted;
  const isYoung = isYoungerThan(baseline.uptimeS - jitterS, read);
  // Some rows are gone, none came back, others live on: they were taken out one by one, however young the others are.
  const isThinnedOut = survivors > 0 && changes.restarted === 0;
  return isYoung && !isThinnedOut ? { kind: 'reset', reason: 'table-reset' } : { kind: 'purged' };
}

/** No row to compare: only what is certain without counts, and all rows may be others. */
function verdictWithoutRows(read: DigestRead, baseline: Baseline): Verdict {
  const isYoung = isYoungerThan(baseline.uptimeS + youngerJitterOf(baseline) + 1, read);
  return isYoung ? { kind: 'reset', reason: 'table-reset' } : { kind: 'purged' };
}

/** For a table of which all values were forgotten: nothing in it is less than it was. */
function mayHaveGoneOn(read: DigestRead, baseline: Baseline): boolean {
  const hasLost = read.tableRows < baseline.tableRows || isAnyBelow(read.tableSums, baseline.tableSums);
  return !hasLost && !isOldestYounger(read, baseline);
}

function suspicionOf(
  read: DigestRead,
  changes: RowChanges,
  baseline: Baseline,
  rows: KnownRows,
  hasRestarted: boolean,
): Suspicion | undefined {
  if (hasRestarted) return 'restart';
  if (changes.restarted > 0) return 'row-restarted';
  const gained = read.tableRows - baseline.tableRows;
  if (gained < changes.gained.min || rows.areMoreThan(baseline.tableRows)) return 'rows-vanished';
  if (isOldestYounger(read, baseline)) return 'oldest-row-younger';
  // One statement reads rows and sums from one copy of the table, so they agree unless a row escaped the window of
  // changed rows, or the table began again and grew past its old sums.
  return gained <= changes.gained.max && changes.isExplained ? undefined : 'sums-disagree';
}

function isOldestYounger(read: DigestRead, baseline: Baseline): boolean {
  const oldestBornS = oldestBornOf(read);
  const { oldestBornS: knownS } = baseline;
  return oldestBornS !== undefined && knownS !== undefined && oldestBornS > knownS + youngerJitterOf(baseline);
}

/** Proof of a restart that needs no clock. */
export function hasUptimeFallen(read: DigestRead, baseline: Baseline): boolean {
  return read.uptimeS < baseline.uptimeS;
}

/**
 * The process began after the baseline was read. Uptime alone says so only when it fell. When it rose less than our clock,
 * the process must also be young enough, and the proxy's wall clock must bear it out: a suspended machine, or a step of
 * either clock, is no restart, and taking it for one would count every row twice.
 */
function isRestart(read: DigestRead, baseline: Baseline, timing: ReadTiming, jitterS: number): boolean {
  const risenS = read.uptimeS - baseline.uptimeS;
  if (hasUptimeFallen(read, baseline)) return true;
  if (!timing.elapsed) return false;
  return (
    risenS < timing.elapsed.minS - jitterS &&
    read.uptimeS <= timing.elapsed.maxS + 1 &&
    Math.abs(read.proxyNowS - baseline.proxyNowS - risenS) > jitterS
  );
}

/** After a reset no row is older than the last read before it, which still saw the old ones. */
function isYoungerThan(uptimeS: number, read: DigestRead): boolean {
  const oldestBornS = oldestBornOf(read);
  return oldestBornS === undefined || oldestBornS >= uptimeS;
}
