import { describe, expect, test } from '@jest/globals';
import { createPace } from '../../../../../../infra/local/traffic/target/pace.ts';

describe('the pace of traffic', () => {
  test('spreads statements evenly, however many a unit has', () => {
    const pace = createPace(() => 0);
    expect([1, 3, 1].map((statements) => pace.take(statements, 10))).toEqual([0, 100, 400]);
  });

  test('catches up with what was late by a little', () => {
    let nowMs = 0;
    const pace = createPace(() => nowMs);
    pace.take(1, 10);
    nowMs = 350;
    expect([0, 0, 0, 0].map(() => pace.take(1, 10))).toEqual([0, 0, 0, 50]);
  });

  test('does not flood a proxy that was away for long', () => {
    let nowMs = 0;
    const pace = createPace(() => nowMs);
    pace.take(1, 10);
    nowMs = 60_000;
    const waits = Array.from({ length: 8 }, () => pace.take(1, 10));
    expect(waits).toEqual([0, 0, 0, 0, 0, 0, 100, 200]);
  });
});
