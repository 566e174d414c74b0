import { expect, test } from '@jest/globals';
import { createGatewayMetrics } from '../../../../functions/gateway/gateway-metrics.ts';
import type { ProxyWorker } from '../../../../functions/gateway/worker/proxy-worker.ts';
import { FakeProxy, PROXY } from '../../../support/fake-proxy.ts';
import { FakeStore } from '../../../support/fake-store.ts';
import { createTestWorker, scrape } from './test-worker.ts';

/** Samples of the families that begin like this, without the label of the gateway. */
async function samplesOf({ registry }: ReturnType<typeof createGatewayMetrics>, prefix: string) {
  const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith(prefix));
  return lines.map((line) => line.slice(prefix.length).replace(/,?gateway="g"/, ''));
}

test('Redis costs what its clients have counted, by what they are for', async () => {
  const lease = { operations: 3, failures: 1, sentBytes: 100, receivedBytes: 20 };
  const metrics = createGatewayMetrics('g', { redisTraffic: new Map([['lease', lease]]) });
  await samplesOf(metrics, 'proxywatch_gateway_redis_');
  lease.operations++;
  expect(await samplesOf(metrics, 'proxywatch_gateway_redis_')).toEqual([
    'operations_total{purpose="lease",outcome="ok"} 4',
    'operations_total{purpose="lease",outcome="failed"} 1',
    'transferred_bytes_total{purpose="lease",direction="sent"} 100',
    'transferred_bytes_total{purpose="lease",direction="received"} 20',
  ]);
});

test('a proxy costs what its worker has counted, as long as it is here', async () => {
  const workers: ProxyWorker[] = [];
  const metrics = createGatewayMetrics('g', { workers: () => workers });
  const driver = new FakeProxy();
  driver.executions.set('A', 5).set('B', 5);
  const worker = createTestWorker(driver, new FakeStore(), { proxy: { ...PROXY, id: 'shop-1' } });
  workers.push(worker);
  await scrape(worker);
  await scrape(worker);
  const samples = await samplesOf(metrics, 'proxywatch_gateway_proxy_');
  expect(samples).toEqual([
    expect.stringMatching(/^collect_seconds_total\{proxy="shop-1"\} 0\.\d+/),
    'rows_read_total{proxy="shop-1"} 4',
    'series{proxy="shop-1"} 3',
    expect.stringMatching(/^history_bytes\{proxy="shop-1"\} \d{3,}$/),
  ]);
  workers.pop();
  expect(await samplesOf(metrics, 'proxywatch_gateway_proxy_')).toEqual([]);
});
