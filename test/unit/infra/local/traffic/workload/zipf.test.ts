import { describe, expect, test } from '@jest/globals';
import { randomAt } from '../../../../../../infra/local/traffic/workload/random.ts';
import { createZipf } from '../../../../../../infra/local/traffic/workload/zipf.ts';
import { fc } from '../../../../../support/properties.ts';

describe('a Zipf draw', () => {
  test('gives every rank, in proportion to its place', () => {
    const rank = createZipf(4, 1);
    // 1 + 1/2 + 1/3 + 1/4 = 25/12
    expect([0, 0.479, 0.481, 0.719, 0.721, 0.879, 0.881, 0.9999].map(rank)).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  });

  test('stays within its ranks', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (count, draw) => {
          const rank = createZipf(count, 1.1)(draw);
          return Number.isInteger(rank) && rank >= 0 && rank < count;
        },
      ),
    );
  });
});

describe('numbers by seed and index', () => {
  test('lie evenly between their bounds', () => {
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 8_000; i++) counts[randomAt(1, i).between(0, 3)]! += 1;
    for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(200);
  });

  test('do not repeat from one index or seed to the next', () => {
    const firsts = [0, 1, 2].flatMap((seed) => [0, 1, 2, -1].map((index) => randomAt(seed, index).next()));
    expect(new Set(firsts).size).toBe(12);
  });
});
