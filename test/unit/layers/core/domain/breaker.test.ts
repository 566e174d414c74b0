import { describe, expect, test } from '@jest/globals';
import {
  afterFailure,
  afterSuccess,
  type Breaker,
  CLOSED_BREAKER,
  tryThrough,
  waitMs,
} from '../../../../../layers/core/src/domain/breaker.ts';
import { fc } from '../../../../support/properties.ts';

const policy = { baseMs: 1_000, maxMs: 30_000, failureThreshold: 3, trialMs: 5_000 };

function opened(nowMs = 0): Breaker {
  let breaker = CLOSED_BREAKER;
  for (let i = 0; i < policy.failureThreshold; i++) breaker = afterFailure(breaker, policy, nowMs, 0.5);
  return breaker;
}

describe('a breaker', () => {
  test('lets everything through until failures in a row reach the threshold', () => {
    const failedTwice = afterFailure(afterFailure(CLOSED_BREAKER, policy, 0, 0.5), policy, 0, 0.5);
    expect(tryThrough(failedTwice, policy, 0).allowed).toBe(true);
    expect(afterFailure(failedTwice, policy, 0, 0.5)).toEqual({ kind: 'open', failures: 3, untilMs: 500 });
  });

  test('forgets failures at a success', () => {
    expect(afterSuccess()).toEqual({ kind: 'closed', failures: 0 });
  });

  test('stays open until its time and then lets one trial through', () => {
    const breaker = opened();
    expect(tryThrough(breaker, policy, 499).allowed).toBe(false);
    const trial = tryThrough(breaker, policy, 500);
    expect(trial).toEqual({ allowed: true, breaker: { kind: 'half-open', failures: 3, untilMs: 5_500 } });
    expect(tryThrough(trial.breaker, policy, 501).allowed).toBe(false);
  });

  test('lets another trial through when one never reported back', () => {
    const lost = tryThrough(opened(), policy, 500).breaker;
    expect(tryThrough(lost, policy, 5_499).allowed).toBe(false);
    expect(tryThrough(lost, policy, 5_500).allowed).toBe(true);
  });

  test('opens for longer after a failed trial', () => {
    const trial = tryThrough(opened(), policy, 500).breaker;
    expect(afterFailure(trial, policy, 600, 0.5)).toEqual({ kind: 'open', failures: 4, untilMs: 1_600 });
  });

  test('is not opened for a shorter time by a failure from before', () => {
    expect(afterFailure(opened(), policy, 10, 0)).toMatchObject({ kind: 'open', untilMs: 500 });
  });

  test('in any history: never open beyond the limit, at most one trial at a time, closed by a success', () => {
    const event = fc.record({
      afterMs: fc.nat(20_000),
      outcome: fc.constantFrom('success', 'failure', 'lost' as const),
      random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let breaker = CLOSED_BREAKER;
        let nowMs = 0;
        let trialEndsMs = 0;
        for (const { afterMs, outcome, random } of events) {
          nowMs += afterMs;
          const wait = waitMs(breaker, nowMs);
          expect(wait).toBeLessThanOrEqual(Math.max(policy.maxMs, policy.trialMs));
          const attempt = tryThrough(breaker, policy, nowMs);
          expect(attempt.allowed).toBe(wait === 0);
          if (!attempt.allowed) continue;
          if (attempt.breaker.kind === 'half-open') {
            expect(nowMs).toBeGreaterThanOrEqual(trialEndsMs);
            trialEndsMs = nowMs + policy.trialMs;
          }
          breaker = attempt.breaker;
          if (outcome === 'success') breaker = afterSuccess();
          if (outcome === 'failure') breaker = afterFailure(breaker, policy, nowMs, random);
          if (outcome !== 'lost') trialEndsMs = nowMs;
          if (outcome === 'success') expect(tryThrough(breaker, policy, nowMs).allowed).toBe(true);
        }
      }),
    );
  });
});
