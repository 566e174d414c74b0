import { describe, expect, test } from '@jest/globals';
import { COLLECTORS } from '@proxywatch/core/domain/scan/collectors';
import { isDue, phaseOf, tickAt } from '@proxywatch/core/domain/scan/schedule';
import { fc } from '../../../../../support/properties.ts';

const TICK_MS = 60_000;

/** Numbers of ticks that are dispatched, in order; those between them are missed. */
const dispatchedTicks = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 }).map((gaps) => {
  let number = 29_000_000;
  return gaps.map((gap) => {
    number += gap;
    return number;
  });
});
const intervals = fc.integer({ min: 1_000, max: 40 * TICK_MS });
const collectors = fc.constantFrom(...COLLECTORS);

describe('a collector of a proxy', () => {
  test('runs at the first tick of each of its intervals and at no other, whatever ticks are missed', () => {
    fc.assert(
      fc.property(dispatchedTicks, intervals, fc.string(), collectors, (numbers, intervalMs, proxy, collector) => {
        const ticks = numbers.map((number) => number * TICK_MS);
        const phaseMs = phaseOf(proxy, collector, intervalMs);
        const intervalOf = (ms: number) => Math.floor((ms - phaseMs) / intervalMs);
        let sinceMs = (ticks[0] ?? 0) - TICK_MS;
        for (const tickMs of ticks) {
          const isNewInterval = intervalOf(tickMs) !== intervalOf(sinceMs);
          expect(isDue({ sinceMs, tickMs }, intervalMs, proxy, collector)).toBe(isNewInterval);
          sinceMs = tickMs;
        }
      }),
    );
  });

  test('runs exactly once per interval while no tick is missed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.string(), collectors, (length, proxy, collector) => {
        const runs = Array.from({ length: 6 * length }, (_, i) => 29_000_000 + i).filter((number) =>
          isDue({ sinceMs: (number - 1) * TICK_MS, tickMs: number * TICK_MS }, length * TICK_MS, proxy, collector),
        );
        expect(runs).toHaveLength(6);
        expect(runs.slice(1).every((run, i) => run - (runs[i] ?? 0) === length)).toBe(true);
      }),
    );
  });

  test('runs at every tick when its interval is no longer than that', () => {
    for (const intervalMs of [1_000, 59_999, TICK_MS])
      for (let tickMs = 29e6 * TICK_MS; tickMs < 29e6 * TICK_MS + 10 * TICK_MS; tickMs += TICK_MS)
        expect(isDue({ sinceMs: tickMs - TICK_MS, tickMs }, intervalMs, 'shop-1', 'status')).toBe(true);
  });
});

test('proxies are spread evenly over the ticks of an interval', () => {
  const [proxies, ticks] = [2_000, 20];
  const perTick = Array.from({ length: ticks }, (_, i) => {
    const tickMs = (29_000_000 + i) * TICK_MS;
    const due = Array.from({ length: proxies }, (_, n) => `shop-${n}`).filter((id) =>
      isDue({ sinceMs: tickMs - TICK_MS, tickMs }, ticks * TICK_MS, id, 'keyLogs'),
    );
    return due.length;
  });
  // A hundred each on average; chance alone stays within four times the root of that.
  for (const due of perTick) expect(Math.abs(due - proxies / ticks)).toBeLessThan(40);
  expect(perTick.reduce((sum, due) => sum + due, 0)).toBe(proxies);
});

test('collectors of one proxy do not all begin at the same tick', () => {
  expect(new Set(COLLECTORS.map((name) => phaseOf('shop-1', name, 3_600_000))).size).toBe(COLLECTORS.length);
});

test('ticks stand at multiples of their distance', () => {
  expect(tickAt(119_999, TICK_MS)).toBe(60_000);
  expect(tickAt(120_000, TICK_MS)).toBe(120_000);
});
