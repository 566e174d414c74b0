import { describe, expect, test } from '@jest/globals';
import { firstToShed, shedOverload } from '../../../../../../layers/core/src/domain/ownership/shed.ts';
import {
  addMovable,
  addPinned,
  byWeight,
  emptySlot,
  type SlotLoad,
} from '../../../../../../layers/core/src/domain/ownership/slot-load.ts';
import { fc } from '../../../../../support/properties.ts';

describe('what a slot sheds first', () => {
  test.each([
    ['one proxy that covers the excess exactly', [60, 50, 30, 20], 50, 50],
    ['the heaviest of several that cover it together', [100, 30, 21, 1], 50, 30],
    ['one proxy when several would weigh more together', [51, 30, 29, 28], 50, 51],
    ['the lightest of those that all weigh too much', [90, 80, 70], 50, 70],
    ['the heaviest when all of them do not cover the excess', [9, 8, 7], 50, 9],
  ])('is %s', (_, weights, excess, expected) => {
    expect(weights[firstToShed(proxies(weights), 0, excess)]).toBe(expected);
  });

  test('is never a proxy before the start', () => {
    expect(firstToShed(proxies([50, 40, 30]), 1, 45)).toBe(1);
  });

  test('belongs to a set that is at most twice as heavy as the lightest one', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 10 }), fc.nat(), (raw, nat) => {
        const total = raw.reduce((a, b) => a + b);
        const excess = (nat % total) + 0.5;
        let left = proxies(raw).toSorted(byWeight);
        let shed = 0;
        while (shed < excess) {
          const next = left[firstToShed(left, 0, excess - shed)]!;
          shed += next.weight;
          left = left.filter((proxy) => proxy !== next);
        }
        expect(shed).toBeLessThanOrEqual(2 * lightestCover(raw, excess));
      }),
    );
  });
});

describe('shedding', () => {
  test('leaves slots at or below the cap alone, however uneven they are', () => {
    expect(afterShedding([[11], [9], [10]], 10)).toEqual([[11], [9], [10]]);
  });

  test('moves no more than brings the slot to the cap, to the lightest slot', () => {
    expect(afterShedding([[6, 4, 2, 1], [9], [8]], 10)).toEqual([[6, 4, 1], [9], [8, 2]]);
  });

  test('takes turns between overloaded slots, so that what is left over is spread', () => {
    expect(afterShedding([[1, 1, 1], [1, 1, 1], [], []], 1.5)).toEqual([[1, 1], [1, 1], [1], [1]]);
  });

  test('leaves a proxy that is heavier than the cap alone on its slot', () => {
    expect(afterShedding([[50, 2, 1], [3], [4]], 5)).toEqual([[50], [3, 2], [4, 1]]);
  });

  test('parts two heavy proxies although their new slot exceeds the cap as well', () => {
    expect(afterShedding([[30, 20], [2], [3]], 5)).toEqual([[30], [20], [3, 2]]);
  });

  test('does not move a coarse proxy for a small gain', () => {
    expect(afterShedding([[11, 11], [10]], 16)).toEqual([[11, 11], [10]]);
  });

  test('leaves pinned proxies where they are', () => {
    const crowded = slotOf('a', [1]);
    addPinned(crowded, { id: 'pinned', weight: 50 });
    const slots = [crowded, slotOf('b', [3])];
    shedOverload(slots, 4);
    expect(slots.map(weightsOn)).toEqual([[50], [3, 1]]);
  });
});

function afterShedding(contents: readonly (readonly number[])[], mean: number): number[][] {
  const slots = contents.map((weights, i) => slotOf(`slot-${i}`, weights));
  shedOverload(slots, mean);
  return slots.map(weightsOn);
}

function slotOf(name: string, weights: readonly number[]): SlotLoad {
  const slot = emptySlot(name);
  for (const [i, weight] of weights.entries()) addMovable(slot, { id: `${name}-${i}`, weight });
  return slot;
}

function weightsOn({ pinned, movable }: SlotLoad): number[] {
  return [...pinned, ...movable].map(({ weight }) => weight);
}

function proxies(weights: readonly number[]) {
  return weights.map((weight, i) => ({ id: `proxy-${i}`, weight }));
}

function lightestCover(weights: readonly number[], excess: number): number {
  let lightest = Number.POSITIVE_INFINITY;
  for (let chosen = 0; chosen < 2 ** weights.length; chosen++) {
    const sum = weights.reduce((total, weight, i) => total + (chosen & (1 << i) ? weight : 0), 0);
    if (sum >= excess) lightest = Math.min(lightest, sum);
  }
  return lightest;
}
