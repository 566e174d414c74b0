import { describe, expect, test } from '@jest/globals';
import { expiredDays, floorMsOf, missingDays } from '@proxywatch/core/drivers/dcdb/scan/partitions';

const DAY_MS = 86_400_000;
const NOON_MS = 1_000 * DAY_MS + DAY_MS / 2;

describe('days to make partitions for', () => {
  test('begin with today where there are none, and reach a week ahead', () => {
    expect(missingDays([], NOON_MS, 35)).toEqual([1_000, 1_001, 1_002, 1_003, 1_004, 1_005, 1_006, 1_007]);
  });

  test('go on after the newest without a gap', () => {
    expect(missingDays([990, 1_004], NOON_MS, 35)).toEqual([1_005, 1_006, 1_007]);
    expect(missingDays([1_007], NOON_MS, 35)).toEqual([]);
    expect(missingDays([1_020], NOON_MS, 35)).toEqual([]);
  });

  test('leave out what would be dropped at once, and are bounded', () => {
    expect(missingDays([100], NOON_MS, 2).at(0)).toBe(998);
    expect(missingDays([100], NOON_MS, 400)).toHaveLength(100);
    expect(missingDays([100], NOON_MS, 400).at(0)).toBe(600);
  });
});

describe('days that are not kept', () => {
  test.each([
    [1_002 * DAY_MS - 1, []],
    [1_003 * DAY_MS, [1_000]],
    [1_004 * DAY_MS - 1, [1_000]],
    [1_004 * DAY_MS, [1_000, 1_001]],
  ])('at %d are those that ended two whole days ago', (nowMs, expired) => {
    expect(expiredDays([1_000, 1_001, 1_002], floorMsOf(nowMs, 2))).toEqual(expired);
  });
});
