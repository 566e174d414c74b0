import { describe, expect, test } from '@jest/globals';
import { smoothWeight } from '../../../../../../layers/core/src/domain/ownership/weight.ts';
import { fc } from '../../../../../support/properties.ts';

const series = fc.integer({ min: 1, max: 10_000_000 });

describe('the weight of a proxy', () => {
  test.each([
    [0, 1],
    [1, 1],
    [16, 16],
    [17, 18],
    [100, 104],
    [431, 416],
    [1_000_000, 983_040],
  ])('that is seen for the first time with %i series is %i', (observed, weight) => {
    expect(smoothWeight(undefined, observed)).toBe(weight);
  });

  test('is a whole number of at least 1 within 7 % of a first observation', () => {
    fc.assert(
      fc.property(series, (observed) => {
        const weight = smoothWeight(undefined, observed);
        expect(Number.isSafeInteger(weight)).toBe(true);
        expect(weight).toBeGreaterThanOrEqual(1);
        expect(Math.abs(weight / observed - 1)).toBeLessThan(0.07);
      }),
    );
  });

  test('does not flap between two observations that are close', () => {
    fc.assert(
      fc.property(
        series,
        fc.array(fc.double({ min: 0.95, max: 1.05, noNaN: true }), { minLength: 1 }),
        (level, noise) => {
          const settled = smoothWeight(undefined, level);
          for (const factor of noise) expect(smoothWeight(settled, level * factor)).toBe(settled);
        },
      ),
    );
  });

  test('goes a quarter of the way at a single odd observation', () => {
    expect(smoothWeight(64, 1_024)).toBe(128);
    expect(smoothWeight(1_024, 64)).toBe(512);
  });

  test('comes within two steps, at most 27 %, of a level that lasts, without ever overshooting it, and then rests', () => {
    fc.assert(
      fc.property(series, series, (start, level) => {
        let weight = smoothWeight(undefined, start);
        const side = Math.sign(weight - smoothWeight(undefined, level));
        for (let i = 0; i < 40; i++) {
          weight = smoothWeight(weight, level);
          expect([0, side]).toContain(Math.sign(weight - smoothWeight(undefined, level)));
        }
        expect(smoothWeight(weight, level)).toBe(weight);
        expect(Math.abs(weight - level)).toBeLessThanOrEqual(Math.max(1, 0.27 * level));
      }),
    );
  });

  test.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('is not touched by an observation of %d', (observed) => {
    expect(smoothWeight(64, observed)).toBe(64);
    expect(smoothWeight(undefined, observed)).toBe(1);
  });
});
