import { describe, expect, test } from '@jest/globals';
import {
  RULE_IDS,
  slotsOf,
} from '../../../../../../../../layers/core/src/drivers/proxysql/control/render/rule-slots.ts';
import { fc } from '../../../../../../../support/properties.ts';

const RANGE = { first: 1_000, last: 1_199, width: 2 };

describe('slots for rules', () => {
  test('lie in their range, apart from each other, whatever the order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { maxLength: 100 }), (keys) => {
        const slots = slotsOf(keys, RANGE, 'tests');
        expect(new Set(slots.values()).size).toBe(keys.length);
        for (const id of slots.values()) expect(id >= 1_000 && id <= 1_198 && id % 2 === 0).toBe(true);
        expect(new Map(slotsOf(keys.toReversed(), RANGE, 'tests'))).toEqual(slots);
      }),
    );
  });

  test('stay when another entry comes, but for one that wants the same', () => {
    const keys = Array.from({ length: 1_000 }, (_, i) => `user-${i}`);
    const before = slotsOf(keys, RULE_IDS.split, 'tests');
    let moved = 0;
    for (let i = 0; i < 50; i++) {
      const after = slotsOf([...keys, `newcomer-${i}`], RULE_IDS.split, 'tests');
      moved += keys.filter((key) => before.get(key) !== after.get(key)).length;
    }
    expect(moved).toBeLessThan(10);
  });

  test('are refused when there are too few', () => {
    const keys = Array.from({ length: 101 }, (_, i) => `user-${i}`);
    expect(() => slotsOf(keys, RANGE, 'tests')).toThrow(expect.objectContaining({ code: 'UNPROCESSABLE' }));
  });

  test('of different kinds do not overlap', () => {
    const ranges = Object.values(RULE_IDS).map((range) =>
      typeof range === 'number' ? { first: range, last: range } : range,
    );
    const sorted = ranges.toSorted((a, b) => a.first - b.first);
    for (const [i, { first }] of sorted.entries()) expect(first).toBeGreaterThan(sorted[i - 1]?.last ?? 99_999);
    expect(sorted.at(-1)?.last).toBeLessThanOrEqual(199_999);
  });
});
