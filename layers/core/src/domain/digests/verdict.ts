import { type Baseline, BIRTH_JITTER_S, oldestBornOf, type ReadTiming } from './baseline.ts';
import { areEqual, differenceOf } from './counters.ts';
import type { DigestRead } from './digest-read.ts';
import type { RowChanges } from './row-changes.ts';

/** What may have happened to the table between two reads. */
export type Suspicion = 'restart' | 'rows-vanished' | 'row-restarted' | 'oldest-row-younger' | 'sums-disagree';

export type Verdict =
  /** Nothing but executions: differences count. */
  | { readonly kind: 'continued' }
  /** Something else, and changed rows alone cannot tell what: read the whole table. */
  | { readonly kind: 'suspect'; readonly reason: Suspicion }
  /** The whole table began again: every row counts in full, all that was known of rows is void. */
  | { readonly kind: 'reset'; readonly reason: 'restart' | 'table-reset' }
  /** Single rows were taken out while others lived on (PURGE of newer versions): row by row. */
  | { readonly kind: 'purged' };

/**
 * Judges a read against the baseline. `knownRows` is the number of rows that the history holds; `isRestartProven` tells
 * that an earlier read since the same baseline saw the uptime fall, which a later one need not show any more.
 */
export function verdictOf(
  read: DigestRead,
  changes: RowChanges,
  baseline: Baseline,
  knownRows: number,
  timing: ReadTiming,
  isRestartProven: boolean,
): Verdict {
  const jitterS = BIRTH_JITTER_S + Math.max(baseline.slackS, Math.floor(timing.tookS));
  const hasRestarted = isRestart(read, baseline, timing, jitterS);
  if (read.kind === 'full') {
    if (isRestartProven || hasUptimeFallen(read, baseline)) return { kind: 'reset', reason: 'restart' };
    // Rows that all live on outweigh any clock: a machine that slept longer than its proxy had run looks like a restart,
    // and counting its rows again would show more than ever ran.
    if (changes.known === knownRows && changes.restarted === 0) return { kind: 'continued' };
    if (hasRestarted) return { kind: 'reset', reason: 'restart' };
    const survivors = changes.known - changes.restarted;
    const isYoung = isYoungerThan(baseline.uptimeS - jitterS, read);
    // Some rows are gone, none came back, others live on: they were taken out one by one, however young the others are.
    const isThinnedOut = survivors > 0 && changes.restarted === 0;
    return isYoung && !isThinnedOut ? { kind: 'reset', reason: 'table-reset' } : { kind: 'purged' };
  }
  const reason = suspicionOf(read, changes, baseline, hasRestarted, jitterS);
  return reason ? { kind: 'suspect', reason } : { kind: 'continued' };
}

function suspicionOf(
  read: DigestRead,
  changes: RowChanges,
  baseline: Baseline,
  hasRestarted: boolean,
  jitterS: number,
): Suspicion | undefined {
  if (hasRestarted) return 'restart';
  if (changes.restarted > 0) return 'row-restarted';
  if (read.tableRows < baseline.tableRows + changes.unknown) return 'rows-vanished';
  const oldestBornS = oldestBornOf(read);
  if (oldestBornS !== undefined && baseline.oldestBornS !== undefined && oldestBornS > baseline.oldestBornS + jitterS) {
    return 'oldest-row-younger';
  }
  // One statement reads rows and sums from one copy of the table, so they agree unless a row escaped the window of
  // changed rows, or the table began again and grew past its old sums.
  const isComplete = read.tableRows === baseline.tableRows + changes.unknown;
  const agrees = areEqual(differenceOf(read.tableSums, baseline.tableSums), changes.expected);
  return isComplete && agrees ? undefined : 'sums-disagree';
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
