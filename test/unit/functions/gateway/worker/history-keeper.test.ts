import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { HistoryKeeper } from '../../../../../functions/gateway/worker/history-keeper.ts';
import { FakeProxy } from '../fake-proxy.ts';
import { FakeStore, unavailable } from '../fake-store.ts';
import { CLOCK } from '../test-worker.ts';

const signal = new AbortController().signal;
const NAMING = { topN: 10, atS: 0, mayLeave: false };
const TIMING = { tookS: 0, elapsed: undefined, wallS: 0 };

let store: FakeStore;
let proxy: FakeProxy;
let keeper: HistoryKeeper;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  store = new FakeStore();
  proxy = new FakeProxy();
  proxy.executions.set('A', 5);
  keeper = createKeeper();
});
afterEach(() => {
  jest.useRealTimers();
});

const createKeeper = () => new HistoryKeeper('px1', store, CLOCK);

/** Takes over what the proxy says now. */
async function merge(into = keeper): Promise<void> {
  const { digests } = await into.load(signal);
  const read = proxy.read(undefined);
  const recall = await into.recall(read, TIMING, 'all', signal);
  expect(digests.correct(read, TIMING, NAMING, recall)).toMatchObject({ kind: 'corrected' });
  into.noteRead({ earliestMs: CLOCK.nowMs(), latestMs: CLOCK.nowMs() });
}
const replacements = () => store.writes.map(({ batch }) => batch.replaces);
const storedExecutions = async () => (await createKeeper().load(signal)).digests.totals.executions;

describe('a history', () => {
  test('is loaded once, written whole first and then in changes', async () => {
    await merge();
    await keeper.save(signal);
    proxy.executions.set('B', 1);
    await merge();
    await keeper.save(signal);
    expect(store.calls).toEqual(['claim', 'load', 'save', 'save']);
    expect(replacements()).toEqual(['everything', 'nothing']);
    expect(store.writes[1]?.batch.rows.size).toBe(1);
  });

  test('has nothing to be written before its first read', async () => {
    await keeper.save(signal);
    await keeper.load(signal);
    await keeper.save(signal);
    expect(store.writes).toEqual([]);
  });

  test('is as old as its last read when it comes back, however late it was written', async () => {
    await merge();
    jest.advanceTimersByTime(600_000);
    await keeper.save(signal);
    const successor = createKeeper();
    await successor.load(signal);
    expect(successor.readTime?.latestMs).toBe(CLOCK.nowMs() - 600_000);
    expect(successor.readTime?.earliestMs).toBeLessThan(CLOCK.nowMs() - 600_000);
  });
});

describe('a write that fails', () => {
  test('is made up for by the next one', async () => {
    await merge();
    await keeper.save(signal);
    store.before = () => {
      throw unavailable();
    };
    proxy.executions.set('A', 6);
    await merge();
    await expect(keeper.save(signal)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    store.before = () => undefined;
    proxy.executions.set('B', 1);
    await merge();
    await keeper.save(signal);
    expect(await storedExecutions()).toBe(7);
  });

  test('although it arrived does not harm the next one', async () => {
    await merge();
    await keeper.save(signal);
    const save = store.save.bind(store);
    store.save = async (...args) => {
      await save(...args);
      throw unavailable();
    };
    proxy.executions.set('A', 6);
    await merge();
    await expect(keeper.save(signal)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    store.save = save;
    await keeper.save(signal);
    expect(replacements()).toEqual(['everything', 'nothing', 'nothing']);
    expect(await storedExecutions()).toBe(6);
  });

  test('because the store lost everything is made good at once, with a new claim', async () => {
    await merge();
    await keeper.save(signal);
    store.flush();
    proxy.executions.set('A', 6);
    await merge();
    await keeper.save(signal);
    expect(store.calls.slice(2)).toEqual(['save', 'save', 'claim', 'save']);
    expect(await storedExecutions()).toBe(6);
  });

  test('because the store lost everything twice in a row did not succeed', async () => {
    await merge();
    store.before = (call) => {
      if (call === 'save') store.flush();
    };
    await expect(keeper.save(signal)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test('because another gateway took over gives up what is remembered for what the other wrote', async () => {
    await merge();
    const other = createKeeper();
    await merge(other);
    proxy.executions.set('B', 1);
    await merge(other);
    await other.save(signal);
    await expect(keeper.save(signal)).rejects.toMatchObject({ code: 'STORE_FENCED' });
    await keeper.load(signal);
    expect(keeper.remembered?.digests.totals.executions).toBe(6);
    await expect(other.save(signal)).rejects.toMatchObject({ code: 'STORE_FENCED' });
  });
});

test('a lease that was won again beside a write, in a store that came back empty, costs nothing', async () => {
  await merge();
  // A restart, so that the proxy knows less than the history.
  proxy.uptimeS = 1;
  proxy.executions.set('A', 1);
  await merge();
  await keeper.save(signal);
  store.flush();
  await store.claim('px1');
  await expect(keeper.save(signal)).rejects.toMatchObject({ code: 'STORE_FENCED' });
  proxy.executions.set('A', 2);
  await merge();
  await keeper.save(signal);
  expect(await storedExecutions()).toBe(7);
});

test.each(['claim', 'load', 'save'] as const)('a store that never answers to a %s is given up', async (call) => {
  if (call === 'save') await merge();
  const { promise: never } = Promise.withResolvers<never>();
  store.before = () => never;
  const giveUp = new AbortController();
  if (call === 'load') store.before = (asked) => (asked === 'load' ? never : undefined);
  const waiting = call === 'save' ? keeper.save(giveUp.signal) : keeper.load(giveUp.signal);
  giveUp.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});
