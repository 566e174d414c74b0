import { describe, expect, test } from '@jest/globals';
import { ZERO } from '../../../../../../layers/core/src/domain/digests/counters.ts';
import {
  type Evidence,
  type Unknown,
  whoIsNewborn,
} from '../../../../../../layers/core/src/domain/digests/unknown-rows.ts';

const unknown = (key: string, bornS: number, isDamaged = false): Unknown => ({
  row: { key, counters: { executions: 5, timeUs: 50, rowsAffected: 0, rowsSent: 5 }, firstSeenS: 0 },
  bornS,
  isDamaged,
});
/** The last read was at uptime 100, times of birth are off by two seconds at most. */
const EVIDENCE: Evidence = { forgotten: 1, gained: 0, missing: ZERO, bornBeforeS: 98, bornAfterS: 102 };
const [OLD, AMBIGUOUS, YOUNG] = [unknown('old', 50), unknown('ambiguous', 101), unknown('young', 103)];
const sorted = (rows: readonly Unknown[], evidence: Partial<Evidence> = {}) => {
  const { newborn, rebased, maybeNewborn } = whoIsNewborn(rows, { ...EVIDENCE, ...evidence });
  const keys = (found: readonly Unknown[]) => found.map(({ row }) => row.key);
  return [keys(newborn), keys(rebased), maybeNewborn];
};

describe('rows of which nothing is known', () => {
  test('are all new when no row was ever forgotten', () => {
    expect(sorted([OLD, YOUNG], { forgotten: 0 })).toEqual([['old', 'young'], [], 0]);
  });

  test('are told by their births otherwise, and in doubt they count nothing', () => {
    expect(sorted([OLD, AMBIGUOUS, YOUNG])).toEqual([['young'], ['old', 'ambiguous'], 1]);
  });

  test('are all new when the number of rows and the sums say so, whatever their births', () => {
    const missing = { executions: 10, timeUs: 100, rowsAffected: 0, rowsSent: 10 };
    expect(sorted([AMBIGUOUS, YOUNG], { gained: 2, missing })).toEqual([['ambiguous', 'young'], [], 0]);
    expect(sorted([AMBIGUOUS, YOUNG], { gained: 1, missing })).toEqual([['young'], ['ambiguous'], 1]);
    const less = { ...missing, timeUs: 99 };
    expect(sorted([AMBIGUOUS, YOUNG], { gained: 2, missing: less })).toEqual([['young'], ['ambiguous'], 1]);
  });

  test('were there when their record is, even one that cannot be read', () => {
    expect(sorted([unknown('damaged', 103, true), YOUNG], { forgotten: 0 })).toEqual([['young'], ['damaged'], 0]);
  });
});
