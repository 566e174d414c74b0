import { describe, expect, test } from '@jest/globals';
import { type StatsStock, UNIT_MS } from '@proxywatch/core/domain/monitoring/stats-plan';
import { bucketCount, bucketEnds, timelineShape } from '@proxywatch/core/domain/monitoring/timeline';

const { hour: HOUR, day: DAY } = UNIT_MS;
const T = Date.UTC(2026, 10, 20);
const stock: StatsStock = {
  floors: { interval: T - 2 * DAY, hour: T - 35 * DAY, day: 0 },
  dirtyHours: new Set(),
  dirtyDays: new Set(),
};

describe('a timeline', () => {
  test('has buckets as small as make no more than 120', () => {
    expect(timelineShape({ fromMs: T, toMs: T + HOUR }, stock)).toEqual({ bucket: '1m', coarsest: 'interval' });
    expect(timelineShape({ fromMs: T - DAY, toMs: T }, stock)).toEqual({ bucket: '15m', coarsest: 'interval' });
    expect(timelineShape({ fromMs: T - 7 * DAY, toMs: T }, stock)).toEqual({ bucket: '6h', coarsest: 'hour' });
    expect(timelineShape({ fromMs: T - 30 * DAY, toMs: T }, stock)).toEqual({ bucket: '6h', coarsest: 'hour' });
    expect(timelineShape({ fromMs: T - 400 * DAY, toMs: T }, stock)).toEqual({ bucket: '1d', coarsest: 'day' });
  });

  test('has the buckets that were asked for, unless the rows are coarser', () => {
    const [today, lastWeek] = [
      { fromMs: T, toMs: T + HOUR },
      { fromMs: T - 3 * DAY, toMs: T - 2 * DAY },
    ];
    expect(timelineShape(today, stock, '5m')).toEqual({ bucket: '5m', coarsest: 'interval' });
    expect(timelineShape(today, stock, '1d')).toEqual({ bucket: '1d', coarsest: 'day' });
    expect(timelineShape(lastWeek, stock, '5m')).toEqual({ bucket: '1h', coarsest: 'hour' });
    expect(timelineShape({ fromMs: T - 40 * DAY, toMs: T }, stock, '1h')).toEqual({ bucket: '1d', coarsest: 'day' });
  });

  test('has a bucket for each piece of the span, cut ones too', () => {
    const span = { fromMs: T + 1, toMs: T + 2 * HOUR + 1 };
    expect(bucketEnds(span, '1h')).toEqual([T + HOUR, T + 2 * HOUR, T + 3 * HOUR]);
    expect(bucketCount(span, '1h')).toBe(3);
    expect(bucketEnds({ fromMs: T, toMs: T + HOUR }, '30m')).toEqual([T + HOUR / 2, T + HOUR]);
  });
});
