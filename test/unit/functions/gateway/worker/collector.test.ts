import { beforeEach, describe, expect, test } from '@jest/globals';
import { createGate, FakeProxy, keyOf } from '../../../../support/fake-proxy.ts';
import { FakeStore, unavailable } from '../../../../support/fake-store.ts';
import { createTestLog, createTestWorker, executionsIn, METRICS, scrape, shownBy, valueIn } from '../test-worker.ts';

let proxy: FakeProxy;
let store: FakeStore;

beforeEach(() => {
  proxy = new FakeProxy();
  proxy.executions.set('A', 5);
  store = new FakeStore();
});

/** Nothing is answered from now on but by rejections. */
const failStore = (failing: readonly string[] = ['claim', 'load', 'save'], error: () => unknown = unavailable) => {
  store.before = (call) => {
    if (failing.includes(call)) throw error();
  };
};
const mendStore = () => {
  store.before = () => undefined;
};

describe('what a collection brings', () => {
  test('is written before it is shown: nothing new is to be seen while the write is under way', async () => {
    const worker = createTestWorker(proxy, store);
    await scrape(worker);
    const gate = createGate();
    const writing = Promise.withResolvers<void>();
    store.before = (call) => {
      if (call !== 'save') return undefined;
      writing.resolve();
      return gate.pass();
    };
    proxy.executions.set('A', 9);
    proxy.executions.set('B', 1);
    const refreshed = worker.refresh(60_000);
    await writing.promise;
    expect(executionsIn(shownBy(worker, true))).toEqual({ all: 5, A: 5, __other__: 0 });
    gate.open();
    expect(executionsIn(shownBy(worker, await refreshed))).toEqual({ all: 10, A: 9, B: 1, __other__: 0 });
  });

  test('is dated by its read', async () => {
    await scrape(createTestWorker(proxy, store));
    const [write] = store.writes;
    expect(write?.readAgeMs).toBeGreaterThanOrEqual(0);
    expect(write?.batch.rows.has(keyOf('A'))).toBe(true);
  });

  test('includes errors and commands; a command that is absent after a restart stands at zero', async () => {
    const buckets = [4, ...Array(11).fill(0)];
    proxy.status.commands = [{ command: 'SELECT', count: 4, totalTimeUs: 200, buckets }];
    const error = { hostgroup: '10', host: 'db', port: 3306, user: 'u', clientAddress: '', schema: 's', errno: 1064 };
    const seen = { count: 3, firstSeenS: 1_800_000_500, lastSeenS: 1_800_000_900, lastError: 'no' };
    proxy.status.errors = [{ ...error, ...seen }];
    const worker = createTestWorker(proxy, store);
    const samples = await scrape(worker);
    expect(valueIn(samples, 'dbproxy_sql_errors_total')).toBe(3);
    expect(valueIn(samples, 'dbproxy_command_duration_seconds_count')).toBe(4);
    proxy.status.commands = [];
    proxy.uptimeS = 1;
    expect(valueIn(await scrape(worker), 'dbproxy_command_duration_seconds_count')).toBe(0);
  });
});

describe('without the store', () => {
  const isStatusShown = (samples: Awaited<ReturnType<typeof scrape>>) =>
    [valueIn(samples, 'dbproxy_up'), valueIn(samples, 'dbproxy_client_connections')].join() === '1,3';

  test('at the start the status is shown and SQL statistics are withheld; with it they are complete', async () => {
    failStore();
    const log = createTestLog();
    const worker = createTestWorker(proxy, store, { log });
    for (let i = 0; i < 3; i++) {
      const samples = await scrape(worker);
      expect([isStatusShown(samples), executionsIn(samples)]).toEqual([true, {}]);
    }
    proxy.executions.set('A', 7);
    mendStore();
    const samples = await scrape(worker);
    expect(executionsIn(samples)).toEqual({ all: 7, A: 7, __other__: 0 });
    expect(samples.find(({ name }) => name === 'dbproxy_sql_digest_info')?.labels.digest_text).toBe('text of A');
    expect(log.events).toEqual(['SQL statistics are withheld: the store is away', 'SQL statistics are shown again']);
  });

  test.each([[['save']], [['load']], [['claim', 'load', 'save']]])(
    'later (%j fail) nothing is lost',
    async (failing) => {
      const worker = createTestWorker(proxy, store);
      await scrape(worker);
      failStore(failing);
      for (const executions of [6, 8]) {
        proxy.executions.set('A', executions);
        proxy.executions.set(`B${executions}`, 2);
        const samples = await scrape(worker);
        expect(isStatusShown(samples)).toBe(true);
        if (failing.includes('save')) expect(executionsIn(samples)).toEqual({});
      }
      mendStore();
      const samples = await scrape(worker);
      expect(executionsIn(samples)).toEqual({ all: 12, A: 8, B6: 2, B8: 2, __other__: 0 });
      const texts = samples.filter(({ name }) => name === 'dbproxy_sql_digest_info').map(({ labels }) => labels.digest);
      expect(texts).toEqual(['A', 'B6', 'B8']);
    },
  );

  test('whatever it fails with, the proxy is not the one that is down', async () => {
    const worker = createTestWorker(proxy, store);
    failStore(['save'], () => new TypeError('a mistake of ours'));
    expect(isStatusShown(await scrape(worker))).toBe(true);
    expect(worker.describe()).toMatchObject({ error: undefined, sqlWithheld: 'a mistake of ours' });
    const failures = await METRICS.storeFailures.get();
    expect(failures.values.map(({ labels }) => labels.code)).toContain('INTERNAL');
  });

  test('its return as an empty one loses nothing', async () => {
    const worker = createTestWorker(proxy, store);
    await scrape(worker);
    store.flush();
    proxy.executions.set('A', 6);
    expect(executionsIn(await scrape(worker))).toEqual({ all: 6, A: 6, __other__: 0 });
    expect(store.writes.map(({ batch }) => batch.replaces)).toEqual(['everything', 'nothing', 'everything']);
    const successor = createTestWorker(proxy, store);
    expect(executionsIn(await scrape(successor))).toEqual({ all: 6, A: 6, __other__: 0 });
  });
});

describe('a proxy without a digest table', () => {
  test('is shown with its status, and says why there are no SQL statistics', async () => {
    proxy.capabilities = { ...proxy.capabilities, digests: false, reasons: { digests: 'no such table' } };
    const worker = createTestWorker(proxy, store);
    const samples = await scrape(worker);
    expect(valueIn(samples, 'dbproxy_up')).toBe(1);
    expect(executionsIn(samples)).toEqual({});
    expect(worker.describe().sqlWithheld).toBe('no such table');
    expect(store.calls).toEqual([]);
  });

  test('shows them once it has one', async () => {
    const { capabilities } = proxy;
    proxy.capabilities = { ...capabilities, digests: false };
    const worker = createTestWorker(proxy, store);
    await scrape(worker);
    proxy.capabilities = capabilities;
    expect(executionsIn(await scrape(worker))).toMatchObject({ all: 5 });
  });
});

describe('a history that another gateway took over', () => {
  test('is given up at the next write, and loaded again', async () => {
    const worker = createTestWorker(proxy, store, { topN: 1 });
    await scrape(worker);
    const other = createTestWorker(proxy, store, { topN: 1 });
    proxy.executions.set('A', 8);
    expect(executionsIn(await scrape(other))).toMatchObject({ all: 8, A: 8 });
    proxy.executions.set('A', 9);
    expect(executionsIn(await scrape(worker))).toEqual({});
    expect(worker.describe().sqlWithheld).toContain('another writer');
    expect(executionsIn(await scrape(worker))).toEqual({ all: 9, A: 9, __other__: 0 });
  });

  test('shows nothing of what it does not hold', async () => {
    const worker = createTestWorker(proxy, store);
    await scrape(worker);
    // The store is emptied, another gateway begins anew with fewer names, and this one is fenced.
    store.flush();
    const other = createTestWorker(proxy, store, { topN: 1 });
    proxy.executions.set('B', 100);
    proxy.executions.set('C', 1);
    await scrape(other);
    await scrape(worker);
    expect(executionsIn(await scrape(worker))).toMatchObject({ all: 106, B: 100 });
    expect(executionsIn(await scrape(worker)).A).not.toBe(0);
  });
});

test('a history of which not even the totals can be read begins anew from what the proxy says', async () => {
  const first = createTestWorker(proxy, store);
  await scrape(first);
  proxy.executions.set('A', 0);
  await scrape(first);
  store.damage('px1');
  const worker = createTestWorker(proxy, store);
  proxy.executions.set('A', 3);
  expect(executionsIn(await scrape(worker))).toMatchObject({ all: 3, A: 3 });
  proxy.executions.set('A', 4);
  expect(executionsIn(await scrape(worker))).toMatchObject({ all: 4, A: 4 });
  expect([...(store.aside.get('px1')?.keys() ?? [])]).toEqual(['meta:meta']);
});
