import { describe, expect, test } from '@jest/globals';
import { backoffDelayMs } from '../../../../../layers/core/src/domain/backoff.ts';
import { fc } from '../../../../support/properties.ts';

const policy = { baseMs: 200, maxMs: 30_000 };
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('backoff', () => {
  test('stays between 0 and the ceiling, however many failures there were', () => {
    fc.assert(
      fc.property(fc.nat(100_000), random, (failures, r) => {
        const delay = backoffDelayMs(policy, failures, r);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThan(policy.maxMs);
        expect(Number.isInteger(delay)).toBe(true);
      }),
    );
  });

  test('doubles its ceiling with each failure until the limit', () => {
    const almostOne = 1 - 2 ** -40;
    const ceilings = [1, 2, 3, 8, 9, 60].map((failures) => backoffDelayMs(policy, failures, almostOne) + 1);
    expect(ceilings).toEqual([200, 400, 800, 25_600, 30_000, 30_000]);
  });

  test('spreads callers over the whole range: the random number decides in proportion', () => {
    expect([0, 0.25, 0.5].map((r) => backoffDelayMs(policy, 3, r))).toEqual([0, 200, 400]);
  });
});
