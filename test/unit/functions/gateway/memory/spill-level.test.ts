import { describe, expect, test } from '@jest/globals';
import { spillLevelOf } from '../../../../../functions/gateway/memory/spill-level.ts';
import { fc } from '../../../../support/properties.ts';

const sizeOf = (sizes: readonly number[], level: number) => sizes.reduce((sum, size) => sum + Math.min(size, level), 0);

describe('the level to which histories are spilled', () => {
  test.each([
    ['nobody shrinks while there is room', [10, 20], 30, Number.POSITIVE_INFINITY],
    ['the largest shrinks first', [10, 20, 70], 60, 30],
    ['the largest ones shrink to one size', [10, 60, 70], 60, 25],
    ['all shrink when it must be', [10, 60, 70], 15, 5],
    ['nothing stays without a budget', [10, 20], 0, 0],
  ])('%s', (_what, sizes, budget, level) => {
    expect(spillLevelOf(sizes, budget)).toBe(level);
  });

  test('uses the budget up, and no more', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000)), fc.nat(5_000), (sizes, budget) => {
        const total = sizeOf(sizes, Number.POSITIVE_INFINITY);
        expect(sizeOf(sizes, spillLevelOf(sizes, budget))).toBeCloseTo(Math.min(total, budget), 6);
      }),
    );
  });
});
