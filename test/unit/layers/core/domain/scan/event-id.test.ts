import { describe, expect, test } from '@jest/globals';
import { eventIdOf } from '@proxywatch/core/domain/scan/event-id';
import { fc } from '../../../../../support/properties.ts';

const parts = fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 4 });

describe('the id of an event', () => {
  test('is 32 hex digits', () => {
    fc.assert(fc.property(fc.string(), parts, (kind, values) => /^[0-9a-f]{32}$/.test(eventIdOf(kind, ...values))));
  });

  test('is the same wherever it is made: ids in sinks outlive a release', () => {
    expect(eventIdOf('restart', 'proxy-1', 1_700_000_000)).toBe('67bb8e809322c0514ec4a369aa1c151d');
  });

  test('differs for different events, however their parts are cut', () => {
    fc.assert(
      fc.property(fc.string(), parts, fc.string(), parts, (kindA, a, kindB, b) => {
        const isSame = JSON.stringify([kindA, ...a]) === JSON.stringify([kindB, ...b]);
        expect(eventIdOf(kindA, ...a) === eventIdOf(kindB, ...b)).toBe(isSame);
      }),
    );
    expect(eventIdOf('a', 'bc')).not.toBe(eventIdOf('ab', 'c'));
    expect(eventIdOf('a', 1)).not.toBe(eventIdOf('a', '1'));
  });

  test('does not repeat over many events that are nearly alike, not even in one of its halves', () => {
    const ids = Array.from({ length: 100_000 }, (_, i) => eventIdOf('slowSql', 'proxy-1', i));
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(ids.map((id) => id.slice(0, 16))).size).toBe(ids.length);
    expect(new Set(ids.map((id) => id.slice(16))).size).toBe(ids.length);
  });
});
