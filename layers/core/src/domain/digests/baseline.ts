import type { DigestCounters, DigestRead, DigestRow } from './digest-read.ts';

/**
 * What the last read said of the whole table: the base of every later difference.
 *
 * Times of birth (`born`) are seconds of the proxy's uptime, so no wall clock and no step of one can disturb them:
 * `born = uptime − (now − first_seen)`, all three from one read.
 */
export interface Baseline {
  /** Counts the lives of the whole table: it rises with each global reset, and raw values of older epochs are void. */
  readonly epoch: number;
  readonly uptimeS: number;
  readonly proxyNowS: number;
  readonly tableRows: number;
  readonly tableSums: DigestCounters;
  /** `undefined` while the table is empty. */
  readonly oldestBornS: number | undefined;
  /** Longest read of this epoch, whole seconds: by so much more than the usual jitter a time of birth may be off. */
  readonly slackS: number;
}

/** How long a read took and how long after the previous one it came, by the reader's own steady clock. */
export interface ReadTiming {
  /** Seconds between sending the statement and having its answer. */
  readonly tookS: number;
  /** Seconds since the baseline was read; `undefined` without a baseline. The truth lies between the two. */
  readonly elapsed: { readonly minS: number; readonly maxS: number } | undefined;
  /** The reader's wall clock, whole epoch seconds: when rows were touched is told by it. */
  readonly wallS: number;
}

/**
 * ProxySQL recomputes first_seen from whole seconds of two clocks at each read and truncates its uptime, so the same birth
 * reads up to two seconds apart (recorded: ±1 s on untouched rows).
 */
export const BIRTH_JITTER_S = 2;

/**
 * By how much a birth may look younger than it did before. A slow read makes births look older, never younger, so how long
 * the present one took does not matter: only that an earlier one may have been slow.
 */
export function youngerJitterOf(baseline: Pick<Baseline, 'slackS'> | undefined): number {
  return BIRTH_JITTER_S + (baseline?.slackS ?? 0);
}

/** By how much the time of one birth may differ, either way, between the reads of an epoch, one that took `tookS` included. */
export function jitterOf(baseline: Pick<Baseline, 'slackS'> | undefined, tookS: number): number {
  return BIRTH_JITTER_S + Math.max(baseline?.slackS ?? 0, Math.floor(tookS));
}

export function bornOf(read: DigestRead, row: Pick<DigestRow, 'firstSeenS'>): number {
  return read.uptimeS - (read.proxyNowS - row.firstSeenS);
}

export function oldestBornOf(read: DigestRead): number | undefined {
  return read.oldestFirstSeenS === undefined ? undefined : bornOf(read, { firstSeenS: read.oldestFirstSeenS });
}

export function baselineOf(
  read: DigestRead,
  timing: ReadTiming,
  previous: Baseline | undefined,
  isReset: boolean,
): Baseline {
  const tookS = Math.floor(timing.tookS);
  const oldestBornS = oldestBornOf(read);
  const carried = isReset ? undefined : previous;
  return {
    epoch: isReset ? (previous?.epoch ?? 0) + 1 : (previous?.epoch ?? 1),
    uptimeS: read.uptimeS,
    proxyNowS: read.proxyNowS,
    tableRows: read.tableRows,
    tableSums: read.tableSums,
    // A slow read makes births look older than they are, never younger: the largest value seen is the nearest to the truth.
    oldestBornS: oldestBornS === undefined ? undefined : Math.max(oldestBornS, carried?.oldestBornS ?? oldestBornS),
    slackS: Math.max(tookS, carried?.slackS ?? 0),
  };
}
