import { describe, expect, test } from '@jest/globals';
import { datetimeOf, Fit } from '@proxywatch/core/drivers/dcdb/scan/fit';
import { fc } from '../../../../../../support/properties.ts';

describe('what is written to a column', () => {
  test('is left as it is where it fits', () => {
    const fit = new Fit();
    expect(fit.text('a'.repeat(16_000))).toHaveLength(16_000);
    expect(fit.name('é🐬'.repeat(40))).toBe('é🐬'.repeat(40));
    expect(fit.digest('0xA2E81530440E4377')).toBe('0xA2E81530440E4377');
    expect(fit.count(Number.MAX_SAFE_INTEGER)).toBe(Number.MAX_SAFE_INTEGER);
    expect(fit.eventId('0123456789abcdef0123456789abcdef')).toBe('0123456789abcdef0123456789abcdef');
    expect(fit.cuts).toBe(0);
  });

  test('is cut to what fits, and counted', () => {
    const fit = new Fit();
    expect(fit.text(`${'a'.repeat(15_999)}🐬`)).toBe('a'.repeat(15_999));
    expect(fit.name('n'.repeat(129))).toHaveLength(128);
    expect(fit.address('n'.repeat(256))).toHaveLength(255);
    expect(fit.digest('é')).toMatch(/^~[0-9a-f]{16}$/);
    expect(fit.cuts).toBe(4);
  });

  test.each([
    [-1, 0],
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER],
    [1e300, Number.MAX_SAFE_INTEGER],
  ])('is clamped when it is the number %d', (value, clamped) => {
    const fit = new Fit();
    expect(fit.count(value)).toBe(clamped);
    expect(fit.cuts).toBe(1);
  });

  test('is rounded without being counted', () => {
    const fit = new Fit();
    expect(fit.count(1.5)).toBe(2);
    expect(fit.cuts).toBe(0);
  });

  test('always fits, and of different names never becomes the same', () => {
    const names = fc.string({ unit: 'binary', maxLength: 300 });
    fc.assert(
      fc.property(names, names, (a, b) => {
        const fit = new Fit();
        const [left, right] = [fit.name(a), fit.name(b)];
        expect(left.length).toBeLessThanOrEqual(128);
        expect(left.isWellFormed()).toBe(true);
        expect(left === right).toBe(a === b);
      }),
    );
  });

  test('is a time that DATETIME can hold', () => {
    const fit = new Fit();
    expect(datetimeOf(fit.timeMs(Date.UTC(2026, 10, 3, 4, 5, 6, 7)))).toBe('2026-11-03 04:05:06.007');
    expect(datetimeOf(fit.timeMs(-1))).toBe('1970-01-01 00:00:00.000');
    expect(datetimeOf(fit.timeMs(1e300))).toBe('9999-12-31 00:00:00.000');
  });
});
