import { describe, expect, test } from '@jest/globals';
import { BATCH_LIMITS, batchesOf } from '@proxywatch/core/domain/scan/batching';
import { COLLECTORS } from '@proxywatch/core/domain/scan/collectors';
import { fc } from '../../../../../support/properties.ts';
import { proxiesNamed, proxyNamed } from '../../../../../support/scan-requests.ts';

const dueOf = (count: number) => proxiesNamed(count).map((proxy) => ({ proxy, collectors: COLLECTORS }));
const sizesOf = (count: number) => batchesOf(dueOf(count), 0).map((batch) => batch.length);

describe('due proxies', () => {
  test('are a batch each up to two hundred, and twenty-five a batch above', () => {
    expect(sizesOf(0)).toEqual([]);
    expect(sizesOf(1)).toEqual([1]);
    expect(sizesOf(200)).toEqual(Array.from({ length: 200 }, () => 1));
    expect(sizesOf(201)).toEqual([25, 25, 25, 25, 25, 25, 25, 25, 1]);
    expect(sizesOf(10_000)).toHaveLength(400);
  });

  test('are all in one batch and no more, within the limits of size', () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 80 });
    const limits = fc.record({
      singlesUpTo: fc.integer({ min: 0, max: 20 }),
      batchSize: fc.integer({ min: 1, max: 30 }),
      maxBytes: fc.integer({ min: 1, max: 5_000 }),
    });
    fc.assert(
      fc.property(lengths, fc.nat(), limits, (hostLengths, tickMs, limit) => {
        const due = hostLengths.map((length, i) => ({
          proxy: { ...proxyNamed(`p${i}`), adminHost: `ü${'é'.repeat(length)}` },
          collectors: COLLECTORS,
        }));
        const batches = batchesOf(due, tickMs, limit);
        const ids = batches.flat().map(({ proxy }) => proxy.id);
        expect(ids.toSorted()).toEqual(due.map(({ proxy }) => proxy.id).toSorted());
        for (const batch of batches) {
          const isWithin = Buffer.byteLength(JSON.stringify(batch)) <= limit.maxBytes + '[]'.length;
          expect(batch.length === 1 || (isWithin && batch.length <= limit.batchSize)).toBe(true);
        }
      }),
    );
  });

  test('of the longest entries that a registry takes stay below what Lambda takes', () => {
    const due = dueOf(1_000).map(({ proxy, collectors }) => {
      const long = '€'.repeat(255);
      const hosts = { adminHost: long, trafficHost: long, statsCredentialRef: long, adminCredentialRef: long };
      return { proxy: { ...proxy, ...hosts }, collectors };
    });
    for (const batch of batchesOf(due, 0))
      expect(Buffer.byteLength(JSON.stringify(batch))).toBeLessThan(BATCH_LIMITS.maxBytes);
  });

  test('begin at another proxy at another tick', () => {
    const first = (tickMs: number) => batchesOf(dueOf(1_000), tickMs)[0]?.[0]?.proxy.id;
    expect(new Set([60_000, 120_000, 180_000, 240_000].map(first)).size).toBe(4);
  });
});
