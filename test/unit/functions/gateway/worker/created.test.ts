import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { assemble } from '../../../../../functions/gateway/exposition/scrape.ts';
import { CATALOGUE } from '../../../../../functions/gateway/families.ts';
import type { ProxyWorker } from '../../../../../functions/gateway/worker/proxy-worker.ts';
import { FakeProxy } from '../../../../support/fake-proxy.ts';
import { FakeStore } from '../../../../support/fake-store.ts';
import { parseExposition } from '../exposition/strict-parser.ts';
import { createTestWorker, executionsIn, scrape } from '../test-worker.ts';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'], now: 1_800_000_000_400 });
});
afterEach(() => {
  jest.useRealTimers();
});

async function createdOf(worker: ProxyWorker) {
  await scrape(worker);
  const exposition = assemble(CATALOGUE, [worker.document], 'openmetrics');
  const { samples } = parseExposition(Buffer.concat(exposition.buffers()).toString(), 'openmetrics');
  const created = samples.filter(({ name }) => name === 'dbproxy_sql_executions_created');
  return Object.fromEntries(created.map(({ labels, value }) => [labels.digest, Number(value)]));
}

test('a new series began when the read before it was made; what ran before anybody looked did not begin', async () => {
  const proxy = new FakeProxy();
  const store = new FakeStore();
  proxy.executions.set('A', 5);
  const worker = createTestWorker(proxy, store);
  expect(await createdOf(worker)).toEqual({});
  jest.advanceTimersByTime(15_000);
  proxy.uptimeS += 15;
  proxy.executions.set('B', 1);
  expect(await createdOf(worker)).toEqual({ B: 1_800_000_000 });
  jest.advanceTimersByTime(15_000);
  proxy.uptimeS += 15;
  proxy.executions.set('C', 1);
  const successor = createTestWorker(proxy, store);
  expect(await createdOf(successor)).toEqual({ C: expect.any(Number) });
});

test('a series that comes back with the total that it had did not begin', async () => {
  const proxy = new FakeProxy();
  const worker = createTestWorker(proxy, new FakeStore(), { topN: 1 });
  const shown: (readonly string[])[] = [];
  const run = async (digest: string, rounds: number) => {
    for (let round = 0; round < rounds; round++) {
      jest.advanceTimersByTime(15_000);
      proxy.executions.set(digest, (proxy.executions.get(digest) ?? 0) + 1_000);
      const created = await createdOf(worker);
      shown.push(
        Object.keys(executionsIn(await scrape(worker))).filter((name) => name.startsWith('A') || name === 'B'),
      );
      expect(created).not.toHaveProperty('A');
    }
  };
  proxy.executions.set('A', 5);
  await createdOf(worker);
  await run('B', 60);
  expect(shown.at(-1)).toEqual(['B']);
  await run('A', 120);
  expect(shown.at(-1)).toEqual(['A']);
});
