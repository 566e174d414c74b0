/** How long to wait between attempts. */
export interface BackoffPolicy {
  /** Ceiling of the first delay. */
  readonly baseMs: number;
  /** Ceiling of every delay. */
  readonly maxMs: number;
}

/**
 * Delay after `failures` failures in a row (at least 1): uniform between 0 and a ceiling that doubles with each failure.
 * Full jitter, since many workers that lost the same proxy must not come back at the same moment.
 *
 * @param random uniform in [0, 1)
 */
export function backoffDelayMs(policy: BackoffPolicy, failures: number, random: number): number {
  const ceilingMs = Math.min(policy.maxMs, policy.baseMs * 2 ** Math.max(0, failures - 1));
  return Math.floor(random * ceilingMs);
}
