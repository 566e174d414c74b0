import { describe, expect, test } from '@jest/globals';
import { lengthOfTime, spanOf } from '../../../../../../functions/api/monitoring/data/time-range.ts';

const NOW = Date.UTC(2026, 10, 20, 15, 30);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('a time range', () => {
  test('is as long as usual, or as was said, up to now', () => {
    expect(spanOf({}, NOW, HOUR)).toEqual({ fromMs: NOW - HOUR, toMs: NOW });
    expect(spanOf({ last: DAY }, NOW, HOUR)).toEqual({ fromMs: NOW - DAY, toMs: NOW });
    expect(spanOf({ last: DAY, to: new Date(NOW - DAY) }, NOW, HOUR)).toEqual({
      fromMs: NOW - 2 * DAY,
      toMs: NOW - DAY,
    });
  });

  test('ends now, though more was asked for', () => {
    const asked = { from: new Date(NOW - HOUR), to: new Date(NOW + DAY) };
    expect(spanOf(asked, NOW, HOUR)).toEqual({ fromMs: NOW - HOUR, toMs: NOW });
  });

  test.each([
    [{ from: new Date(NOW - HOUR), last: HOUR }, '?last'],
    [{ from: new Date(NOW) }, '?from'],
    [{ from: new Date(NOW - 401 * DAY) }, '?from'],
    [{ from: new Date(NOW - HOUR), to: new Date(NOW - 2 * HOUR) }, '?from'],
    [{ to: new Date(0) }, '?to'],
  ])('that is none is refused, by the name of what is wrong: %j', (asked, pointer) => {
    expect(() => spanOf(asked, NOW, HOUR)).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID', problems: [expect.objectContaining({ pointer })] }),
    );
  });
});

describe('a length of time', () => {
  test.each([
    ['30m', 30 * 60_000],
    ['24h', DAY],
    ['400d', 400 * DAY],
  ])('%s', (given, ms) => expect(lengthOfTime().parse(given)).toBe(ms));

  test.each(['', '1', 'h', '0h', '-1h', '1.5h', '401d', '999999d', '1y', '1h\n', ' 1h'])('%j is none', (given) => {
    expect(lengthOfTime().safeParse(given).success).toBe(false);
  });
});
