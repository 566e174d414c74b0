import { type BackoffPolicy, backoffDelayMs } from './backoff.ts';

/**
 * Keeps callers away from something that fails. Closed: attempts go through. Open: none does until a time. Half-open: one
 * trial is under way and decides; a trial that never reports back holds the others off until `untilMs` only.
 *
 * Data without a clock: `nowMs` should be monotonic, and whoever holds a breaker replaces it by what the functions give.
 */
export type Breaker =
  | { readonly kind: 'closed'; readonly failures: number }
  | { readonly kind: 'open'; readonly failures: number; readonly untilMs: number }
  | { readonly kind: 'half-open'; readonly failures: number; readonly untilMs: number };

export interface BreakerPolicy extends BackoffPolicy {
  /** Failures in a row that open a closed breaker. */
  readonly failureThreshold: number;
  /** How long a trial may stay without an outcome before another is allowed. */
  readonly trialMs: number;
}

export const CLOSED_BREAKER: Breaker = { kind: 'closed', failures: 0 };

/** Asks for leave to try now; when it is given, the outcome must be told by `afterSuccess` or `afterFailure`. */
export function tryThrough(
  breaker: Breaker,
  policy: BreakerPolicy,
  nowMs: number,
): { readonly allowed: boolean; readonly breaker: Breaker } {
  if (breaker.kind === 'closed') return { allowed: true, breaker };
  if (nowMs < breaker.untilMs) return { allowed: false, breaker };
  return { allowed: true, breaker: { kind: 'half-open', failures: breaker.failures, untilMs: nowMs + policy.trialMs } };
}

export function afterSuccess(): Breaker {
  return CLOSED_BREAKER;
}

/** @param random uniform in [0, 1) */
export function afterFailure(breaker: Breaker, policy: BreakerPolicy, nowMs: number, random: number): Breaker {
  const failures = breaker.failures + 1;
  if (breaker.kind === 'closed' && failures < policy.failureThreshold) return { kind: 'closed', failures };
  // A late failure from before the breaker opened must not bring the end of the pause forward.
  const openUntilMs = breaker.kind === 'open' ? breaker.untilMs : nowMs;
  const untilMs = nowMs + backoffDelayMs(policy, 1 + Math.max(0, failures - policy.failureThreshold), random);
  return { kind: 'open', failures, untilMs: Math.max(openUntilMs, untilMs) };
}

/** Milliseconds until an attempt has a chance, 0 for now. */
export function waitMs(breaker: Breaker, nowMs: number): number {
  return breaker.kind === 'closed' ? 0 : Math.max(0, breaker.untilMs - nowMs);
}
