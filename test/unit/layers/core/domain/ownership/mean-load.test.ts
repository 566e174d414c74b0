import { describe, expect, test } from '@jest/globals';
import { meanLoad } from '../../../../../../layers/core/src/domain/ownership/mean-load.ts';
import {
  addMovable,
  addPinned,
  emptySlot,
  type SlotLoad,
} from '../../../../../../layers/core/src/domain/ownership/slot-load.ts';
import { fc } from '../../../../../support/properties.ts';

describe('the mean of what can be balanced', () => {
  test('is the plain mean when nothing outweighs it', () => {
    expect(meanLoad([slot([3, 2], []), slot([], [4])], proxies(1))).toBe(5);
  });

  test('leaves out a proxy that outweighs it, and one slot for it', () => {
    expect(meanLoad([slot([1, 50], []), slot([1], []), slot([3, 1], [])], [])).toBe(3);
  });

  test('leaves out proxies that no longer fit once a heavier one is left out', () => {
    expect(meanLoad([slot([100, 20], []), slot([], []), slot([4], [])], [])).toBe(4);
  });

  test('takes the proxies pinned to one slot for one', () => {
    expect(meanLoad([slot([1], [10, 10]), slot([2], []), slot([3], [])], [])).toBe(3);
  });

  test('is never above the plain mean, nor below the lightest slot', () => {
    const weights = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 500 })), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(weights, weights), { minLength: 1, maxLength: 6 }), (contents) => {
        const slots = contents.map(([movable, pinned]) => slot(movable, pinned));
        const mean = meanLoad(slots, []);
        expect(mean).toBeLessThanOrEqual(slots.reduce((sum, { weight }) => sum + weight, 0) / slots.length);
        expect(Math.min(...slots.map(({ weight }) => weight))).toBeLessThanOrEqual(mean);
      }),
    );
  });
});

function slot(movable: readonly number[], pinned: readonly number[]): SlotLoad {
  const load = emptySlot('slot');
  for (const proxy of proxies(...movable)) addMovable(load, proxy);
  for (const proxy of proxies(...pinned)) addPinned(load, proxy);
  return load;
}

function proxies(...weights: readonly number[]) {
  return weights.map((weight, i) => ({ id: `proxy-${i}`, weight }));
}
