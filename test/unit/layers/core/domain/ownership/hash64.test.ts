import { describe, expect, test } from '@jest/globals';
import { fnv1a64, type Hash64, mix64 } from '../../../../../../layers/core/src/domain/ownership/hash64.ts';
import { fc } from '../../../../../support/properties.ts';

const half = fc.integer({ min: 0, max: 0xffff_ffff });

describe('FNV-1a 64', () => {
  test.each([
    ['', 'cbf29ce484222325'],
    ['a', 'af63dc4c8601ec8c'],
    ['foobar', '85944171f73967e8'],
  ])('gives the published value for %j', (text, expected) => {
    expect(hexOf(fnv1a64(text))).toBe(expected);
  });

  test('agrees with its definition over the bytes of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        let hash = 0xcbf29ce484222325n;
        for (const byte of new TextEncoder().encode(text)) {
          hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
        }
        expect(bigOf(fnv1a64(text))).toBe(hash);
      }),
    );
  });
});

describe('the finaliser of SplitMix64', () => {
  test('gives the first number of the generator that was seeded with 1234567', () => {
    const [high, low] = halvesOf(1234567n + 0x9e3779b97f4a7c15n);
    expect(bigOf(mix64({ high, low }))).toBe(6457827717110365317n);
  });

  test('agrees with its definition for all inputs', () => {
    fc.assert(
      fc.property(half, half, (high, low) => {
        let value = bigOf({ high, low });
        value = BigInt.asUintN(64, (value ^ (value >> 30n)) * 0xbf58476d1ce4e5b9n);
        value = BigInt.asUintN(64, (value ^ (value >> 27n)) * 0x94d049bb133111ebn);
        expect(bigOf(mix64({ high, low }))).toBe(value ^ (value >> 31n));
      }),
    );
  });
});

function bigOf({ high, low }: Hash64): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

function hexOf(hash: Hash64): string {
  return bigOf(hash).toString(16).padStart(16, '0');
}

function halvesOf(value: bigint): [number, number] {
  return [Number(BigInt.asUintN(32, value >> 32n)), Number(BigInt.asUintN(32, value))];
}
