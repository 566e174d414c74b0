import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createJsonLog } from '@proxywatch/core/drivers/log/json-log';
import { startResidentLog } from '../../../../functions/gateway/resident-log.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test('once a minute a line tells what a gateway carries, until it stops', () => {
  const lines: Record<string, unknown>[] = [];
  const stop = startResidentLog({
    workers: () => [{ seriesCount: 812 }, { seriesCount: undefined }, { seriesCount: 30 }],
    heartbeatAgeMs: () => 1_234.5,
    log: createJsonLog((line) => lines.push(JSON.parse(line)), { gateway: 'g' }),
  });
  jest.advanceTimersByTime(59_999);
  expect(lines).toEqual([]);
  jest.advanceTimersByTime(1);
  expect(lines).toEqual([
    expect.objectContaining({ message: 'resident', gateway: 'g', series: 842, proxies: 3, heartbeatAgeMs: 1_235 }),
  ]);
  expect(lines[0]!.heapBytes).toBeGreaterThan(1_000_000);
  expect(lines[0]!.rssBytes).toBeGreaterThan(lines[0]!.heapBytes as number);
  jest.advanceTimersByTime(120_000);
  expect(lines).toHaveLength(3);
  stop();
  jest.advanceTimersByTime(600_000);
  expect(lines).toHaveLength(3);
});
