import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Damage } from '@proxywatch/core/domain/history/restore-history';
import { NO_EVENTS } from '../../../../functions/collection/history-events.ts';
import { HistoryKeeper } from '../../../../functions/collection/history-keeper.ts';
import { FakeProxy } from '../../../support/fake-proxy.ts';
import { FakeStore, unavailable } from '../../../support/fake-store.ts';
import { CLOCK } from '../gateway/test-worker.ts';

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

  test('of many rows is written in pieces, and goes on with those that are missing', async () => {
    for (let n = 0; n < 45_000; n++) proxy.executions.set(`digest ${n}`, 1);
    await merge();
    store.before = (call) => {
      if (call === 'save' && store.writes.length === 3) throw unavailable();
    };
    await expect(keeper.save(signal)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect((await store.load('px1'))?.storedRows).toBe(40_000);
    store.before = () => undefined;
    await keeper.load(signal);
    await keeper.save(signal);
    expect(store.writes.map(({ batch }) => batch.rows.size)).toEqual([20_000, 20_000, 5_001, 5_001]);
    expect(replacements()).toEqual(['everything', 'nothing', 'nothing', 'nothing']);
    expect((await store.load('px1'))?.storedRows).toBe(45_001);
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

describe('rows that only the store holds', () => {
  /** A successor that has the history, and no row of it in memory. */
  async function successorOf(executions: Readonly<Record<string, number>>): Promise<HistoryKeeper> {
    for (const [name, count] of Object.entries(executions)) proxy.executions.set(name, count);
    await merge();
    await keeper.save(signal);
    const successor = createKeeper();
    await successor.load(signal);
    return successor;
  }
  const rowsOf = ({ remembered }: HistoryKeeper) => remembered?.digests.rows;

  test('are asked for when a read brings them, and count what they gained', async () => {
    const successor = await successorOf({ A: 5, B: 3 });
    expect([rowsOf(successor)?.size, rowsOf(successor)?.evicted]).toEqual([0, 2]);
    proxy.executions.set('B', 10);
    await merge(successor);
    expect(successor.remembered?.digests.totals.executions).toBe(15);
    await successor.save(signal);
    expect(store.writes.at(-1)?.batch.rows.size).toBe(1);
  });

  test('keep a read from being merged while the store is away, and lose nothing by that', async () => {
    const successor = await successorOf({ A: 5 });
    proxy.executions.set('A', 6);
    store.before = (call) => {
      if (call === 'fetchRows') throw unavailable();
    };
    await expect(merge(successor)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    store.before = () => undefined;
    proxy.executions.set('A', 8);
    await merge(successor);
    expect(successor.remembered?.digests.totals.executions).toBe(8);
  });

  test('are forgotten when the store came back empty, never counted twice', async () => {
    const successor = await successorOf({ A: 5, B: 3 });
    store.flush();
    proxy.executions.set('A', 6);
    await merge(successor);
    await successor.save(signal);
    expect(successor.remembered?.digests.totals.executions).toBe(9);
    proxy.executions.set('A', 7);
    await merge(successor);
    expect(successor.remembered?.digests.totals.executions).toBe(10);
  });

  test('are not given to a gateway that is no longer the owner', async () => {
    const successor = await successorOf({ A: 5 });
    await createKeeper().load(signal);
    await expect(merge(successor)).rejects.toMatchObject({ code: 'STORE_FENCED' });
  });

  test('count from now on when their record is damaged, which is set aside', async () => {
    const told: string[] = [];
    const events = {
      ...NO_EVENTS,
      damaged: (id: string, damage: readonly Damage[]) => told.push(`${id} ${damage[0]?.kind}`),
    };
    keeper = new HistoryKeeper('px1', store, CLOCK, { events });
    await successorOf({ A: 5, B: 3 });
    const held = store.histories.get('px1')!;
    for (const key of held.rows.keys()) if (key.endsWith('A')) held.rows.set(key, 'x');
    keeper = new HistoryKeeper('px1', store, CLOCK, { events });
    proxy.executions.set('A', 6);
    await merge();
    await keeper.save(signal);
    expect(keeper.remembered?.digests.totals.executions).toBe(9);
    expect([told, [...store.aside.get('px1')!.values()]]).toEqual([['px1 row'], ['x']]);
    expect(
      [...held.rows.values(), ...store.histories.get('px1')!.rows.values()].filter((record) => record === 'x'),
    ).toHaveLength(1);
  });
});

describe('a sweep', () => {
  test('takes out what nobody touched, and tells who was in memory', async () => {
    proxy.executions.set('B', 1);
    await merge();
    await keeper.save(signal);
    expect(await keeper.sweep('0', 1, signal)).toBe('0');
    expect(store.histories.get('px1')?.rows.size).toBe(0);
    await keeper.save(signal);
    expect(store.histories.get('px1')?.rows.size).toBe(2);
  });

  test('waits while a collection is under way, and a collection waits for it', async () => {
    await merge();
    expect(await keeper.sweep('0', 1, signal)).toBeUndefined();
    await keeper.save(signal);
    const { promise, resolve } = Promise.withResolvers<{ cursor: string; dropped: string[]; damaged: string[] }>();
    store.sweepRows = () => promise;
    const sweeping = keeper.sweep('0', 1, signal);
    let isLoaded = false;
    const loading = keeper.load(signal).then(() => {
      isLoaded = true;
    });
    await Promise.resolve();
    expect(isLoaded).toBe(false);
    resolve({ cursor: '0', dropped: [], damaged: [] });
    await Promise.all([sweeping, loading]);
  });

  test('goes on when a collection came to nothing', async () => {
    await merge();
    await keeper.save(signal);
    await keeper.load(signal);
    expect(await keeper.sweep('0', 1, signal)).toBeUndefined();
    keeper.rest();
    expect(await keeper.sweep('0', 1, signal)).toBe('0');
  });

  test('whose answer is lost leaves nothing that could count twice', async () => {
    proxy.executions.set('B', 2);
    await merge();
    await keeper.save(signal);
    keeper.evict(Number.POSITIVE_INFINITY);
    const sweepRows = store.sweepRows.bind(store);
    store.sweepRows = async (...args) => {
      await sweepRows(...args);
      throw unavailable();
    };
    await expect(keeper.sweep('0', 1, signal)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    proxy.executions.set('A', 6);
    await merge();
    expect(keeper.remembered?.digests.totals.executions).toBe(8);
  });
});

test('a retired proxy is forgotten by the store', async () => {
  await merge();
  await keeper.save(signal);
  await keeper.forget(signal);
  expect([store.histories.size, keeper.remembered]).toEqual([0, undefined]);
});
