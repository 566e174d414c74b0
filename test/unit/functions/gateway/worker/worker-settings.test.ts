import { beforeEach, describe, expect, test } from '@jest/globals';
import type { MonitoringOverrides } from '@proxywatch/core/domain/monitoring-settings/overrides';
import type { ProxyWorker } from '../../../../../functions/gateway/worker/proxy-worker.ts';
import { FakeProxy, PROXY } from '../../../../support/fake-proxy.ts';
import { FakeStore } from '../../../../support/fake-store.ts';
import { createTestWorker, executionsIn, scrape, shownBy, valueIn } from '../test-worker.ts';

const watched = (monitoring: MonitoringOverrides) => ({ ...PROXY, monitoring });

let proxy: FakeProxy;
let worker: ProxyWorker;

beforeEach(() => {
  proxy = new FakeProxy();
  for (const [name, executions] of Object.entries({ A: 1, B: 20, C: 300 })) proxy.executions.set(name, executions);
});

const begin = (monitoring: MonitoringOverrides) => {
  worker = createTestWorker(proxy, new FakeStore(), { proxy: watched(monitoring), topN: 10 });
};
/** Executions by digest, the totals and the remainder aside. */
async function named(): Promise<Readonly<Record<string, number>>> {
  const { all: _, __other__: rest, ...digests } = executionsIn(await scrape(worker));
  return { ...digests, rest: rest ?? 0 };
}

describe('settings of a proxy', () => {
  test('bound how many digests are named', async () => {
    begin({ digestTopN: 1 });
    expect(await named()).toEqual({ C: 300, rest: 21 });
  });

  test('say which digests are named; the others count in the remainder', async () => {
    begin({ exclude: { digests: ['C'] } });
    expect(await named()).toEqual({ A: 1, B: 20, rest: 300 });
  });

  test('are followed in place, and nothing is counted twice or lost by that', async () => {
    begin({});
    expect(await named()).toEqual({ A: 1, B: 20, C: 300, rest: 0 });
    worker.follow(watched({ include: { digests: ['A', 'B'] } }));
    proxy.executions.set('C', 305);
    expect(await named()).toMatchObject({ rest: 5 });
    expect(await named()).toEqual({ A: 1, B: 20, rest: 5 });
    worker.follow(PROXY);
    proxy.executions.set('C', 306);
    await named();
    proxy.executions.set('C', 307);
    expect(await named()).toEqual({ A: 1, B: 20, C: 301, rest: 6 });
  });

  test('limit the time of a collection', async () => {
    begin({ collectTimeoutMs: 100 });
    proxy.before = (call) => (call === 'digests' ? new Promise(() => {}) : undefined);
    const samples = shownBy(worker, await worker.refresh(10_000));
    expect(valueIn(samples, 'dbproxy_up')).toBe(0);
  });
});
