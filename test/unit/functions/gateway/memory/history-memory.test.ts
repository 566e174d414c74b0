import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { HistoryKeeper } from '../../../../../functions/collection/history-keeper.ts';
import { createGatewayMetrics } from '../../../../../functions/gateway/gateway-metrics.ts';
import { HistoryMemory } from '../../../../../functions/gateway/memory/history-memory.ts';
import { FakeProxy } from '../../../../support/fake-proxy.ts';
import { FakeStore, unavailable } from '../../../../support/fake-store.ts';
import { CLOCK, createTestLog } from '../test-worker.ts';

const { signal } = new AbortController();
const IDLE_S = 60;
const RETENTION_S = 600;

let store: FakeStore;
let log: ReturnType<typeof createTestLog>;
let metrics: ReturnType<typeof createGatewayMetrics>;
let keepers: HistoryKeeper[];
let running: HistoryMemory | undefined;
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  store = new FakeStore();
  log = createTestLog();
  metrics = createGatewayMetrics('g');
  keepers = [];
});
afterEach(async () => {
  // Its pause ends at once when it is stopped, whatever timers do.
  await running?.stop();
  running = undefined;
  jest.useRealTimers();
});

function start(memory: HistoryMemory): void {
  running = memory;
  memory.start();
}

/** Lets time pass second by second: the memory works between two pauses, and time must not run on meanwhile. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await untilPaused();
    await jest.advanceTimersByTimeAsync(1_000);
  }
  await untilPaused();
}

async function untilPaused(): Promise<void> {
  for (let turn = 0; jest.getTimerCount() === 0; turn++) {
    if (turn > 10_000) throw new Error('the memory does not pause');
    await setImmediate();
  }
}

const createMemory = (budgetBytes = 1e9, expositionBytes = 0) =>
  new HistoryMemory({
    keepers: () => keepers,
    expositionBytes: () => expositionBytes,
    budgetBytes,
    idleS: IDLE_S,
    retentionS: RETENTION_S,
    clock: CLOCK,
    metrics,
    log,
  });

/** A history of so many rows, read now and stored. */
async function createKeeper(id: string, rows: number): Promise<HistoryKeeper> {
  const keeper = new HistoryKeeper(id, store, CLOCK);
  const proxy = new FakeProxy();
  for (let n = 0; n < rows; n++) proxy.executions.set(`digest ${n}`, 1 + n);
  await keeper.load(signal);
  const timing = { tookS: 0, elapsed: undefined, wallS: Math.floor(CLOCK.wallMs() / 1000) };
  const read = proxy.read(undefined);
  keeper.remembered?.digests.correct(read, timing, { topN: 10, atS: 0, mayLeave: false });
  keeper.noteRead({ earliestMs: CLOCK.nowMs(), latestMs: CLOCK.nowMs() });
  await keeper.save(signal);
  keepers.push(keeper);
  return keeper;
}
const rowsOf = ({ remembered }: HistoryKeeper) => remembered?.digests.rows.size;
const storedRows = (id: string) => store.histories.get(id)?.rows.size;
const sumOf = async (metric: { get(): Promise<{ values: { value: number }[] }> }) =>
  (await metric.get()).values.reduce((sum, { value }) => sum + value, 0);

describe('rows', () => {
  test('leave memory once they were idle for long, and not before', async () => {
    const keeper = await createKeeper('px1', 100);
    const memory = createMemory();
    jest.advanceTimersByTime(IDLE_S * 1000);
    await memory.evictIdle();
    expect(rowsOf(keeper)).toBe(100);
    jest.advanceTimersByTime(1_000);
    await memory.evictIdle();
    expect([rowsOf(keeper), storedRows('px1'), await sumOf(metrics.evictedRows)]).toEqual([0, 100, 100]);
  });

  test('leave the store when nobody touched them for longer still', async () => {
    const keeper = await createKeeper('px1', 100);
    await createKeeper('px2', 100);
    start(createMemory());
    await pass(RETENTION_S);
    expect([storedRows('px1'), storedRows('px2')]).toEqual([100, 100]);
    await pass(60);
    expect([storedRows('px1'), storedRows('px2')]).toEqual([0, 0]);
    expect(rowsOf(keeper)).toBe(0);
    expect(keeper.remembered?.digests.rows.forgottenOf(100)).toBe(100);
  });

  test('of a proxy that was let go are not swept any more', async () => {
    await createKeeper('px1', 10);
    await createKeeper('px2', 10);
    const swept: string[] = [];
    store.sweepRows = async (id) => {
      swept.push(id);
      keepers = keepers.slice(1);
      return { cursor: '1', dropped: [], damaged: [] };
    };
    start(createMemory());
    await pass(10);
    expect(swept).toEqual(['px1', 'px2']);
  });

  test('are swept on although a store fails now and then, and another gateway has a proxy', async () => {
    await createKeeper('px1', 10);
    await createKeeper('px2', 10);
    await store.claim('px1');
    const sweepRows = store.sweepRows.bind(store);
    let calls = 0;
    store.sweepRows = async (...args) => {
      if (++calls % 2 === 0) throw unavailable();
      return sweepRows(...args);
    };
    start(createMemory());
    await pass(RETENTION_S + 120);
    expect([storedRows('px1'), storedRows('px2')]).toEqual([10, 0]);
  });
});

describe('series', () => {
  test('that nobody saw for long leave memory, and the store with the next write', async () => {
    const keeper = await createKeeper('px1', 10);
    const read = new FakeProxy().read(undefined);
    const timing = { tookS: 0, elapsed: undefined, wallS: Math.floor(CLOCK.wallMs() / 1000) };
    keeper.remembered?.digests.correct(read, timing, { topN: 0, atS: 0, mayLeave: true });
    await keeper.save(signal);
    const seriesOf = () => [keeper.remembered?.digests.series.size, store.histories.get('px1')?.series.size];
    jest.advanceTimersByTime(RETENTION_S * 1000);
    await createMemory().evictIdle();
    expect(seriesOf()).toEqual([10, 10]);
    jest.advanceTimersByTime(1_000);
    await createMemory().evictIdle();
    await keeper.save(signal);
    expect([...seriesOf(), await sumOf(metrics.retiredSeries)]).toEqual([0, 0, 10]);
    expect((await store.load('px1'))?.missing.series).toBe(0);
  });
});

describe('histories above the budget', () => {
  test('are spilled, the heaviest first, to below it', async () => {
    const [small, large] = [await createKeeper('small', 100), await createKeeper('large', 10_000)];
    const budget = (small.byteLength + large.byteLength) / 2;
    const memory = createMemory(budget);
    memory.relieve();
    expect(rowsOf(small)).toBe(100);
    expect(memory.bytes).toBeLessThan(budget);
    expect(memory.bytes).toBeGreaterThan(0.7 * budget);
    expect([await sumOf(metrics.spills), log.events]).toEqual([1, []]);
    expect((rowsOf(large) ?? 0) + (large.remembered?.digests.rows.evicted ?? 0)).toBe(10_000);
  });

  test('make room for what is shown, beyond what has a place of its own', async () => {
    const keeper = await createKeeper('px1', 10_000);
    const budget = 2 * keeper.byteLength;
    start(createMemory(budget, 50e6));
    await pass(2);
    expect(rowsOf(keeper)).toBe(10_000);
    await running?.stop();
    start(createMemory(budget, 50e6 + 0.75 * budget));
    await pass(2);
    expect(keeper.byteLength).toBeLessThan(0.25 * budget);
    expect(rowsOf(keeper)).toBeGreaterThan(0);
  });

  test('are looked for when a history is stored, and not with each of many', async () => {
    const keeper = await createKeeper('px1', 1_000);
    const memory = createMemory(keeper.byteLength / 2);
    memory.busyS();
    memory.noteStored();
    expect(rowsOf(keeper)).toBe(1_000);
    jest.advanceTimersByTime(100);
    memory.noteStored();
    expect(rowsOf(keeper)).toBeLessThan(1_000);
  });

  test('leave no room for rows that are not changing', async () => {
    await createKeeper('px1', 1_000);
    expect(createMemory().busyS()).toBe(IDLE_S);
    expect(createMemory(1_000).busyS()).toBe(0);
  });

  test('because nothing can leave are reported once', async () => {
    const keeper = await createKeeper('px1', 1_000);
    keeper.remembered?.digests.markLost();
    const memory = createMemory(keeper.byteLength / 2);
    memory.relieve();
    memory.relieve();
    expect(log.events).toEqual(['histories are above their memory budget']);
    expect(rowsOf(keeper)).toBe(1_000);
  });
});
