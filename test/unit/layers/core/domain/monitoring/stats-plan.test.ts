import { describe, expect, test } from '@jest/globals';
import { planStats, type StatsPlan, type StatsStock, UNIT_MS } from '@proxywatch/core/domain/monitoring/stats-plan';
import { fc } from '../../../../../support/properties.ts';

const { hour: HOUR, day: DAY } = UNIT_MS;
const MINUTE = 60_000;
const T = Date.UTC(2026, 10, 20);
const ALL: StatsStock = {
  floors: { interval: 0, hour: 0, day: 0 },
  dirtyHours: new Set(),
  dirtyDays: new Set(),
};

function shown({ parts }: StatsPlan): string[] {
  const at = (ms: number) => new Date(ms).toISOString().slice(8, 16);
  return parts.map(({ level, sign, fromMs, toMs }) => `${sign === 1 ? '+' : '-'}${level} ${at(fromMs)} ${at(toMs)}`);
}

describe('a plan of statistics', () => {
  test('reads whole days by day, hours at the ends by hour, and the rest as it was collected', () => {
    const plan = planStats({ fromMs: T + 20 * HOUR + 40 * MINUTE, toMs: T + 3 * DAY + 4 * HOUR + 10 * MINUTE }, ALL);
    expect(shown(plan)).toEqual([
      '+interval 20T20:40 20T21:00',
      '+hour 20T21:00 21T00:00',
      '+day 21T00:00 23T00:00',
      '+hour 23T00:00 23T04:00',
      '+interval 23T04:00 23T04:10',
    ]);
    expect(plan).toMatchObject({ resolution: 'interval', isWhole: true });
  });

  test('takes the smaller part off the whole', () => {
    const plan = planStats({ fromMs: T + HOUR + 10 * MINUTE, toMs: T + 2 * HOUR }, ALL);
    expect(shown(plan)).toEqual(['+hour 20T01:00 20T02:00', '-interval 20T01:00 20T01:10']);
    const day = planStats({ fromMs: T + HOUR, toMs: T + DAY }, ALL);
    expect(shown(day)).toEqual(['+day 20T00:00 21T00:00', '-hour 20T00:00 20T01:00']);
    const both = planStats({ fromMs: T + 10 * MINUTE, toMs: T + DAY }, ALL);
    expect(shown(both)).toEqual(['+day 20T00:00 21T00:00', '-interval 20T00:00 20T00:10']);
  });

  test('reads hours that are not summed up yet as they were collected, and their day by hour', () => {
    const stock = { ...ALL, dirtyHours: new Set([T + 5 * HOUR]) };
    expect(shown(planStats({ fromMs: T - DAY, toMs: T + DAY }, stock))).toEqual([
      '+day 19T00:00 20T00:00',
      '+hour 20T00:00 20T04:00',
      '+interval 20T04:00 20T05:00',
      '+hour 20T05:00 21T00:00',
    ]);
    const dirtyDay = { ...ALL, dirtyDays: new Set([T + DAY]) };
    expect(shown(planStats({ fromMs: T, toMs: T + DAY }, dirtyDay))).toEqual(['+hour 20T00:00 21T00:00']);
  });

  test('goes out to whole hours, or whole days, of which nothing finer is kept', () => {
    const asked = { fromMs: T + HOUR + 10 * MINUTE, toMs: T + 3 * HOUR + 20 * MINUTE };
    const hours = planStats(asked, { ...ALL, floors: { interval: T + DAY, hour: 0, day: 0 } });
    expect(hours).toMatchObject({ resolution: 'hour', span: { fromMs: T + HOUR, toMs: T + 4 * HOUR } });
    expect(shown(hours)).toEqual(['+hour 20T01:00 20T04:00']);
    const days = planStats(asked, { ...ALL, floors: { interval: T + DAY, hour: T + DAY, day: 0 } });
    expect(days).toMatchObject({ resolution: 'day', span: { fromMs: T, toMs: T + DAY }, isWhole: true });
    expect(shown(days)).toEqual(['+day 20T00:00 21T00:00']);
  });

  test('begins where the first day that is kept begins, and says so', () => {
    const stock = { ...ALL, floors: { interval: T, hour: T, day: T } };
    expect(planStats({ fromMs: T - 3 * DAY, toMs: T + HOUR }, stock)).toMatchObject({
      isWhole: false,
      span: { fromMs: T, toMs: T + HOUR },
    });
    expect(planStats({ fromMs: T - 3 * DAY, toMs: T - DAY }, stock)).toMatchObject({ isWhole: false, parts: [] });
  });

  test('reads no more than a bounded number of rows more than whole units', () => {
    const plan = planStats({ fromMs: T + 1, toMs: T + 30 * DAY - 1 }, ALL);
    const rows = plan.parts.reduce((sum, { level, fromMs, toMs }) => sum + (toMs - fromMs) / UNIT_MS[level], 0);
    expect(rows).toBeLessThan(31);
  });
});

describe('the parts of any plan', () => {
  const minutes = fc.integer({ min: 0, max: 6 * 24 * 60 });
  const stocks = fc.record({
    intervalFloor: fc.integer({ min: 0, max: 4 }),
    hourFloor: fc.integer({ min: 0, max: 4 }),
    dayFloor: fc.integer({ min: 0, max: 2 }),
    dirtyHours: fc.array(fc.integer({ min: 1, max: 6 * 24 }), { maxLength: 6 }),
    dirtyDays: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 2 }),
  });

  test('hold each minute of the span once and no other, and only what is kept', () => {
    fc.assert(
      fc.property(minutes, minutes, stocks, fc.boolean(), (a, b, drawn, mayTakeOff) => {
        const hourFloor = Math.max(drawn.hourFloor, drawn.dayFloor);
        const intervalFloor = Math.max(drawn.intervalFloor, hourFloor);
        const stock: StatsStock = {
          floors: { interval: T + intervalFloor * DAY, hour: T + hourFloor * DAY, day: T + drawn.dayFloor * DAY },
          dirtyHours: new Set(drawn.dirtyHours.map((n) => T + n * HOUR)),
          dirtyDays: new Set(drawn.dirtyDays.map((n) => T + n * DAY)),
        };
        const asked = { fromMs: T + Math.min(a, b) * MINUTE, toMs: T + Math.max(a, b) * MINUTE };
        const { span, parts, isWhole } = planStats(asked, stock, { mayTakeOff });
        expect(isWhole).toBe(asked.fromMs >= stock.floors.day);
        if (parts.length > 0) expect(span.toMs).toBeGreaterThanOrEqual(asked.toMs);
        for (let endMs = T + MINUTE; endMs <= T + 7 * DAY; endMs += MINUTE) {
          const counted = parts
            .filter(({ fromMs, toMs }) => endMs > fromMs && endMs <= toMs)
            .reduce((sum, { sign }) => sum + sign, 0);
          if (counted !== (endMs > span.fromMs && endMs <= span.toMs ? 1 : 0)) {
            throw new Error(`${new Date(endMs).toISOString()} counts ${counted} times`);
          }
        }
        for (const { level, fromMs, toMs } of parts) {
          expect([
            fromMs % (level === 'interval' ? 1 : UNIT_MS[level]),
            toMs % (level === 'interval' ? 1 : UNIT_MS[level]),
          ]).toEqual([0, 0]);
          const isMarked = (endMs: number) => stock.dirtyHours.has(endMs);
          if (level === 'hour') for (let e = fromMs + HOUR; e <= toMs; e += HOUR) expect(isMarked(e)).toBe(false);
          if (level === 'day')
            for (let e = fromMs + DAY; e <= toMs; e += DAY) expect(stock.dirtyDays.has(e)).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });
});
