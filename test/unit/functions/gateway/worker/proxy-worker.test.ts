import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { HeldLease } from '../../../../../functions/gateway/ownership/held-lease.ts';
import { createGate, FakeProxy, PROXY } from '../../../../support/fake-proxy.ts';
import { FakeStore, unavailable } from '../../../../support/fake-store.ts';
import { MemoryLeases } from '../../../../support/memory-fleet.ts';
import {
  CLOCK,
  createTestLog,
  createTestWorker,
  executionsIn,
  look,
  METRICS,
  scrape,
  shownBy,
  valueIn,
} from '../test-worker.ts';

let proxy: FakeProxy;
let store: FakeStore;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  proxy = new FakeProxy();
  proxy.executions.set('A', 5);
  store = new FakeStore();
});
afterEach(() => {
  jest.useRealTimers();
});

const reads = () => proxy.calls.filter((call) => call === 'digests').length;
/** Holds the proxy's answers to one kind of call until the gate opens. */
function hold(held: 'digests' | 'status') {
  const gate = createGate();
  proxy.before = (call) => (call === held ? gate.pass() : undefined);
  return gate;
}
const unreachable = () => new ProxywatchError('PROXY_UNREACHABLE', 'nobody there');

describe('scrapes of one proxy', () => {
  test('share the collection that runs: none overlaps another', async () => {
    const worker = createTestWorker(proxy, store);
    const gate = hold('digests');
    const scrapes = [scrape(worker), scrape(worker), scrape(worker)];
    worker.collectIfIdle(0);
    gate.open();
    const shown = await Promise.all(scrapes);
    expect(shown.map(executionsIn)).toEqual(Array(3).fill({ all: 5, A: 5, __other__: 0 }));
    expect(proxy.calls).toEqual(['connect', 'digests', 'status']);
  });

  test('share one that ended a moment ago, and no older one', async () => {
    const worker = createTestWorker(proxy, store, { shareMs: 2_000 });
    await scrape(worker);
    jest.advanceTimersByTime(1_999);
    await scrape(worker);
    expect(reads()).toBe(1);
    jest.advanceTimersByTime(1);
    await scrape(worker);
    expect(reads()).toBe(2);
  });

  test('see the proxy down and no statistics when the deadline passes', async () => {
    const worker = createTestWorker(proxy, store);
    await scrape(worker);
    hold('digests');
    const late = scrape(worker, 4_500);
    await jest.advanceTimersByTimeAsync(4_500);
    const samples = await late;
    expect(valueIn(samples, 'dbproxy_up')).toBe(0);
    expect(samples.map(({ name }) => name)).toEqual([
      'dbproxy_up',
      'dbproxy_collect_duration_seconds',
      'dbproxy_last_collect_timestamp_seconds',
    ]);
  });
});

describe('a collection that no scrape could wait for', () => {
  /** Ends late with three more executions, after one scrape gave up. */
  async function endLate(end = () => {}) {
    const worker = createTestWorker(proxy, store);
    await scrape(worker);
    const gate = hold('digests');
    proxy.executions.set('A', 8);
    const missed = scrape(worker, 100);
    await jest.advanceTimersByTimeAsync(100);
    expect(valueIn(await missed, 'dbproxy_up')).toBe(0);
    end();
    gate.open();
    await jest.advanceTimersByTimeAsync(0);
    return worker;
  }

  test('serves the next scrape, and only that', async () => {
    const worker = await endLate();
    jest.advanceTimersByTime(29_000);
    expect(executionsIn(await scrape(worker))).toMatchObject({ all: 8 });
    expect(reads()).toBe(2);
    await scrape(worker);
    expect(reads()).toBe(3);
  });

  test('serves nobody once it is too old', async () => {
    const worker = await endLate();
    jest.advanceTimersByTime(30_000);
    expect(executionsIn(await scrape(worker))).toMatchObject({ all: 8 });
    expect(reads()).toBe(3);
  });

  test('is tried again by the next scrape when it failed', async () => {
    const worker = await endLate(() => {
      const { before } = proxy;
      proxy.before = async (call) => {
        await before(call);
        throw unreachable();
      };
    });
    proxy.before = () => undefined;
    expect(valueIn(await scrape(worker), 'dbproxy_up')).toBe(1);
  });

  test('serves a scrape that still waits for it, and not the next one too', async () => {
    const worker = createTestWorker(proxy, store);
    const gate = hold('digests');
    const [impatient, patient] = [scrape(worker, 100), scrape(worker, 5_000)];
    await jest.advanceTimersByTimeAsync(100);
    gate.open();
    expect([valueIn(await impatient, 'dbproxy_up'), valueIn(await patient, 'dbproxy_up')]).toEqual([0, 1]);
    await scrape(worker);
    expect(reads()).toBe(2);
  });
});

describe('a collection that fails', () => {
  test('shows the proxy down and nothing of before, and works again afterwards', async () => {
    const worker = createTestWorker(proxy, store);
    await scrape(worker);
    proxy.before = () => {
      throw unreachable();
    };
    const samples = await scrape(worker);
    expect([valueIn(samples, 'dbproxy_up'), executionsIn(samples)]).toEqual([0, {}]);
    proxy.before = () => undefined;
    proxy.executions.set('A', 6);
    expect(executionsIn(await scrape(worker))).toMatchObject({ all: 6, A: 6 });
  });

  test.each(['digests', 'status'] as const)('after the %s were asked for loses nothing', async (failing) => {
    const worker = createTestWorker(proxy, store);
    await scrape(worker);
    proxy.executions.set('A', 9);
    proxy.before = (call) => {
      if (call === failing) throw unreachable();
    };
    await scrape(worker);
    proxy.before = () => undefined;
    expect(executionsIn(await scrape(worker))).toEqual({ all: 9, A: 9, __other__: 0 });
  });

  test('by a mistake of ours is told as such', async () => {
    const log = createTestLog();
    const worker = createTestWorker(proxy, store, { log });
    proxy.before = () => {
      throw new TypeError('oops');
    };
    await scrape(worker);
    expect(worker.describe().error).toEqual({ code: 'INTERNAL', message: 'oops' });
    expect(log.events).toEqual(['collection failed: INTERNAL']);
  });

  test('is logged when it begins and when it ends, not at each scrape', async () => {
    const log = createTestLog();
    const worker = createTestWorker(proxy, store, { log });
    await scrape(worker);
    proxy.before = () => {
      throw unreachable();
    };
    for (let i = 0; i < 5; i++) await scrape(worker);
    jest.advanceTimersByTime(60_000);
    proxy.before = () => undefined;
    for (let i = 0; i < 3; i++) await scrape(worker);
    expect(log.events).toEqual(['collection failed: PROXY_UNREACHABLE', 'collection works again']);
  });

  test('is ended when its time budget is over', async () => {
    jest.useRealTimers();
    const worker = createTestWorker(proxy, store, { budgetMs: 20 });
    hold('digests');
    await worker.refresh(5_000);
    expect(worker.describe()).toMatchObject({ collecting: false, error: { code: expect.any(String) } });
  });
});

describe('an idle worker', () => {
  test('collects by itself, once a while', async () => {
    const worker = createTestWorker(proxy, store);
    worker.collectIfIdle(30_000);
    await jest.advanceTimersByTimeAsync(29_999);
    worker.collectIfIdle(30_000);
    await jest.advanceTimersByTimeAsync(1);
    expect(reads()).toBe(1);
    worker.collectIfIdle(30_000);
    await jest.advanceTimersByTimeAsync(0);
    expect(reads()).toBe(2);
  });
});

describe('a scrape that goes without statistics', () => {
  const gaps = async () =>
    Object.fromEntries((await METRICS.gaps.get()).values.map(({ labels, value }) => [labels.reason, value]));

  test('is counted by what kept them back, and what people look at is not', async () => {
    METRICS.gaps.reset();
    const worker = createTestWorker(proxy, store);
    proxy.before = () => Promise.reject(unreachable());
    await look(worker);
    await scrape(worker);
    proxy.before = () => undefined;
    jest.advanceTimersByTime(60_000);
    store.before = () => Promise.reject(unavailable());
    await scrape(worker);
    store.before = () => undefined;
    await scrape(worker);
    hold('digests');
    const late = scrape(worker, 4_500);
    await jest.advanceTimersByTimeAsync(4_500);
    await late;
    expect(await gaps()).toEqual({ down: 1, withheld: 1, late: 1 });
  });
});

describe('a digest above the top N', () => {
  let worker: ReturnType<typeof createTestWorker>;
  const names = async (receive: typeof look) => Object.keys(executionsIn(await receive(worker)));

  /** Its predecessor had named two. */
  beforeEach(async () => {
    proxy.executions.set('B', 1_000);
    const predecessor = createTestWorker(proxy, store, { topN: 2 });
    await scrape(predecessor);
    await predecessor.stop(new AbortController().signal);
    worker = createTestWorker(proxy, store, { topN: 1 });
  });

  test('leaves once a scraper has received all that it counted', async () => {
    expect(await names(scrape)).toHaveLength(4);
    expect(await names(look)).toHaveLength(3);
  });

  test('stays while only people have looked: its last increase may not be stored yet', async () => {
    await names(look);
    await names(look);
    jest.advanceTimersByTime(299_000);
    expect(await names(scrape)).toHaveLength(4);
  });

  test('leaves as well when others have looked, and no scraper was heard for as long as series stay', async () => {
    jest.advanceTimersByTime(300_000);
    expect(await names(look)).toHaveLength(4);
    expect(await names(look)).toHaveLength(3);
  });
});

describe('a gateway that stood still', () => {
  const LEASE_MS = 15_000;

  test('for three lease times shows no statistics before it noticed that it did', async () => {
    METRICS.gaps.reset();
    const leases = new MemoryLeases();
    const lease = new HeldLease(PROXY.id, {
      leases,
      owner: () => ({ memberId: 'a', advertise: 'a:9464' }),
      leaseMs: LEASE_MS,
      clock: CLOCK,
    });
    await lease.acquire(false);
    const worker = createTestWorker(proxy, store, { shareMs: 4 * LEASE_MS, mayExpose: () => lease.stands() });
    expect(executionsIn(await scrape(worker))).toEqual({ all: 5, A: 5, __other__: 0 });
    jest.advanceTimersByTime(3 * LEASE_MS);
    const samples = await scrape(worker);
    expect([valueIn(samples, 'dbproxy_up'), executionsIn(samples)]).toEqual([1, {}]);
    expect((await METRICS.gaps.get()).values.map(({ labels }) => labels.reason)).toEqual(['no-lease']);
    // Nobody came meanwhile: it is the owner again as soon as it has asked.
    await lease.claim();
    expect(executionsIn(await scrape(worker))).toEqual({ all: 5, A: 5, __other__: 0 });
  });

  test('and has its lease again shows nothing older than what another has shown meanwhile', async () => {
    const worker = createTestWorker(proxy, store, { shareMs: 4 * LEASE_MS });
    expect(executionsIn(await scrape(worker)).all).toBe(5);
    const other = createTestWorker(proxy, store);
    proxy.executions.set('A', 9);
    expect(executionsIn(await scrape(other)).all).toBe(9);
    await other.stop(new AbortController().signal);
    worker.regain();
    expect(executionsIn(shownBy(worker, true))).toEqual({});
    expect(executionsIn(await scrape(worker)).all).toBe(9);
  });
});

describe('a worker that stops', () => {
  test('ends the collection under way, writes what is due and closes the connection', async () => {
    const worker = createTestWorker(proxy, store);
    await scrape(worker);
    store.before = () => {
      throw unavailable();
    };
    proxy.executions.set('A', 9);
    await scrape(worker);
    store.before = () => undefined;
    hold('digests');
    const scraping = scrape(worker);
    await worker.stop(new AbortController().signal);
    expect(valueIn(await scraping, 'dbproxy_up')).toBe(0);
    expect(proxy.sessions.map(({ closed }) => closed)).toEqual([true]);
    const successor = createTestWorker(proxy, store);
    proxy.before = () => undefined;
    expect(executionsIn(await scrape(successor))).toEqual({ all: 9, A: 9, __other__: 0 });
  });

  test('does not wait for a store that never answers longer than it was told to', async () => {
    const log = createTestLog();
    const worker = createTestWorker(proxy, store, { log });
    await scrape(worker);
    store.before = () => createGate().pass();
    const gaveUp = new AbortController();
    const stopped = worker.stop(gaveUp.signal);
    gaveUp.abort();
    await stopped;
    expect(log.events).toEqual(['history not written at stop: STORE_UNAVAILABLE']);
  });

  test('before it ever collected has nothing to write', async () => {
    await createTestWorker(proxy, store).stop(new AbortController().signal);
    expect([proxy.calls, store.calls]).toEqual([[], []]);
  });
});

test('what is shown to one scrape is not what another one decided', async () => {
  const worker = createTestWorker(proxy, store);
  await worker.refresh(5_000);
  expect(valueIn(shownBy(worker, false), 'dbproxy_up')).toBe(0);
  expect(valueIn(shownBy(worker, true), 'dbproxy_up')).toBe(1);
});
