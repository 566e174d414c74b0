import { describe, expect, test } from '@jest/globals';
import { type ValueKind, widthOf, writeValue } from '../../../../../functions/gateway/exposition/digits.ts';
import { fc } from '../../../../support/properties.ts';

const MAX = Number.MAX_SAFE_INTEGER;

/** Writes into the middle of a marked buffer, so that a byte beside the slot would show. */
function written(value: number, kind: ValueKind, width: number): string | undefined {
  const bytes = Buffer.alloc(width + 4, '#');
  const fits = writeValue(bytes, width + 2, width, value, kind);
  const text = bytes.toString('latin1');
  expect(text.slice(0, 2) + text.slice(-2)).toBe('####');
  if (!fits) expect(text).toBe('#'.repeat(width + 4));
  return fits ? text.slice(2, -2) : undefined;
}

/** Whole numbers up to 2^53−1, of all lengths and near the places where digits or divisions turn over. */
const wholes = fc.oneof(
  fc.maxSafeNat(),
  fc.tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: -2, max: 2 })).map(([e, d]) => Math.max(0, 10 ** e + d)),
  fc.integer({ min: 0, max: 9_007_199_254 }).map((seconds) => Math.max(0, seconds * 1e6 - 1)),
  fc.integer({ min: 0, max: 90_071_992 }).map((high) => Math.max(0, high * 1e8 - 1)),
  fc.constantFrom(0, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, MAX - 1, MAX),
);

describe('a value in its slot', () => {
  test('whole numbers up to 2^53−1 are exact and filled up with zeros', () => {
    fc.assert(
      fc.property(wholes, fc.integer({ min: 16, max: 24 }), (value, width) => {
        expect(written(value, 'integer', width)).toBe(String(value).padStart(width, '0'));
      }),
    );
  });

  test('microseconds up to 2^53−1 become decimal seconds without a rounding', () => {
    fc.assert(
      fc.property(wholes, fc.integer({ min: 17, max: 24 }), (value, width) => {
        const digits = String(value).padStart(width - 1, '0');
        expect(written(value, 'micros', width)).toBe(`${digits.slice(0, -6)}.${digits.slice(-6)}`);
      }),
    );
  });

  test('the narrowest slot takes the value and a narrower one refuses it untouched', () => {
    const values = fc.oneof(wholes, fc.double({ noNaN: true, noDefaultInfinity: true }));
    fc.assert(
      fc.property(values, fc.constantFrom<ValueKind>('integer', 'micros', 'float'), (value, kind) => {
        const width = widthOf(value, kind);
        expect(Number(written(value, kind, width))).toBeCloseTo(kind === 'micros' ? value / 1e6 : value);
        if (width > 1) expect(written(value, kind, width - 1)).toBeUndefined();
      }),
    );
  });

  test('any finite number reads back as itself in any slot that takes it', () => {
    const numbers = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(numbers, fc.integer({ min: 24, max: 40 }), (value, width) => {
        expect(Number(written(value, 'float', width))).toBe(value === 0 ? 0 : value);
      }),
    );
  });

  test('numbers that cannot be filled up want a slot of their own width', () => {
    const specials: [number, string][] = [
      [Number.NaN, 'NaN'],
      [Number.POSITIVE_INFINITY, '+Inf'],
      [Number.NEGATIVE_INFINITY, '-Inf'],
    ];
    for (const [value, text] of specials) {
      expect(widthOf(value, 'float')).toBe(text.length);
      expect(written(value, 'float', text.length)).toBe(text);
      expect(written(value, 'float', 10)).toBeUndefined();
    }
  });

  test.each([
    [-1.5, 'float', 8, '-00001.5'],
    [-3, 'integer', 4, '-003'],
    [-1_500_000, 'micros', 10, '-0000001.5'],
    [1e300, 'float', 8, '0001e+300'],
  ] as const)('%d as %s', (value, kind, width, text) => {
    expect(written(value, kind, Math.max(width, text.length))).toBe(text);
  });
});
