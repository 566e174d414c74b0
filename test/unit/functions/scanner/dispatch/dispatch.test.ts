import { describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { COLLECTORS } from '@proxywatch/core/domain/scan/collectors';
import { batchLimitsOf } from '../../../../../functions/scanner/dispatch/config.ts';
import { dispatch } from '../../../../../functions/scanner/dispatch/dispatch.ts';
import { FakeDispatchClock } from '../../../../support/fake-dispatch-clock.ts';
import { intervalsOf, type MemoryDispatch, memoryDispatch, throttled } from '../../../../support/memory-dispatch.ts';
import { failureOf } from '../../../../support/redis-servers.ts';
import { proxiesNamed, proxyNamed } from '../../../../support/scan-requests.ts';

const TICK_MS = 60_000;
const NOW_MS = 29_000_001 * TICK_MS;
const never = new AbortController().signal;

function create(proxies: number, over: Partial<MemoryDispatch> = {}) {
  const clock = new FakeDispatchClock(NOW_MS);
  const options = { clock, proxies: proxiesNamed(proxies), tickLengthMs: TICK_MS };
  return { clock, deps: memoryDispatch(options, over) };
}

const unavailable = () => Promise.reject(new ProxywatchError('STORE_UNAVAILABLE', 'redis is away'));
const hang = () => new Promise<never>(() => undefined);

describe('a tick', () => {
  test('has each proxy collected from, in a request of its own, and is recorded', async () => {
    const { deps } = create(3);
    const outcome = await dispatch(deps, NOW_MS, never);
    expect(deps.invoked.map(({ proxies }) => proxies.length)).toEqual([1, 1, 1]);
    expect(deps.invoked[0]).toMatchObject({ version: 1, tickMs: NOW_MS, windowMs: TICK_MS });
    expect(deps.invoked[0]?.proxies[0]?.collectors).toEqual([...COLLECTORS]);
    expect(outcome).toEqual({ kind: 'dispatched', run: deps.recorded[0] });
    expect(deps.recorded).toEqual([
      {
        tickMs: NOW_MS,
        startedAtMs: NOW_MS,
        durationMs: 0,
        outcome: 'complete',
        proxies: 3,
        due: 3,
        paused: 0,
        backingOff: 0,
        damaged: 0,
        invocations: 3,
        retries: 0,
        deadLetters: 0,
        lost: 0,
      },
    ]);
  });

  test('of ten thousand proxies is four hundred requests', async () => {
    const { deps } = create(10_000);
    await dispatch(deps, NOW_MS, never);
    expect(deps.invoked).toHaveLength(400);
    expect(new Set(deps.scansAt(NOW_MS).values())).toEqual(new Set([1]));
    expect(deps.scansAt(NOW_MS).size).toBe(10_000);
  });

  test('has batches of the size that is set, from the number on that is set', async () => {
    const { deps } = create(90);
    const batches = batchLimitsOf({ SCAN_SINGLES_UP_TO: 10, SCAN_BATCH_SIZE: 40 });
    await dispatch({ ...deps, settings: { ...deps.settings, batches } }, NOW_MS, never);
    expect(deps.invoked.map(({ proxies }) => proxies.length)).toEqual([40, 40, 10]);
  });

  test('has what somebody asked for, which is settled once it is on its way', async () => {
    const requested = new Map([['p2', { collectors: new Set(['status'] as const), mark: '1 status' }]]);
    const settled: unknown[] = [];
    const requests = { fetchAll: async () => requested, settle: async (taken: unknown) => void settled.push(taken) };
    const intervals = Object.fromEntries(COLLECTORS.map((name) => [name, 1e15])) as ReturnType<typeof intervalsOf>;
    const { deps } = create(0, {
      requests,
      registry: {
        fetchProxies: async () => ({ version: 'v', proxies: [proxyNamed('p1'), proxyNamed('p2')], damaged: [] }),
      },
    });
    await dispatch({ ...deps, settings: { ...deps.settings, intervals } }, NOW_MS, never);
    expect(deps.invoked.flatMap(({ proxies }) => proxies)).toEqual([
      { proxy: proxyNamed('p2'), collectors: ['status'] },
    ]);
    expect(settled).toEqual([requested]);
  });

  test('is no worse for requests that cannot be read or settled', async () => {
    const requests = { fetchAll: unavailable, settle: unavailable };
    const { deps } = create(2, { requests });
    expect(await dispatch(deps, NOW_MS, never)).toMatchObject({
      kind: 'dispatched',
      run: { outcome: 'complete', due: 2 },
    });
  });

  test('is dispatched once, whoever else tries, and so is no older one', async () => {
    const { deps } = create(3);
    const outcomes = await Promise.all([1, 2, 3].map(() => dispatch(deps, NOW_MS, never)));
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['dispatched', 'refused', 'refused']);
    expect(await dispatch(deps, NOW_MS - TICK_MS, never)).toEqual({
      kind: 'refused',
      reason: `tick ${NOW_MS} was dispatched already`,
    });
    expect(deps.invoked).toHaveLength(3);
  });

  test('is left alone when it lies in the future', async () => {
    const { deps } = create(3);
    const claims = { ...deps.claims, claim: async () => ({ kind: 'ahead', byMs: 600_000 }) as const };
    const outcome = await dispatch({ ...deps, claims }, NOW_MS + 600_000, never);
    expect(outcome).toEqual({ kind: 'refused', reason: 'the tick lies 600000 ms in the future' });
  });

  test('whose dispatcher died is made up for by the next one, and nothing is scanned twice in one of them', async () => {
    const { deps } = create(40);
    const settings = { ...deps.settings, intervals: { ...intervalsOf(TICK_MS), keyLogs: 20 * TICK_MS }, parallel: 1 };
    const killed = new AbortController();
    const invoke: MemoryDispatch['invoker']['invoke'] = async (request) => {
      deps.invoked.push(request);
      if (deps.invoked.length === 10) killed.abort();
      if (deps.invoked.length >= 10) await hang();
    };
    await dispatch(deps, NOW_MS - TICK_MS, never);
    deps.invoked.length = 0;
    await dispatch({ ...deps, settings, invoker: { invoke } }, NOW_MS, killed.signal);
    expect(deps.scansAt(NOW_MS).size).toBe(10);
    // Lambda tries again what failed: the tick stays taken.
    expect((await dispatch({ ...deps, settings }, NOW_MS, never)).kind).toBe('refused');
    await dispatch({ ...deps, settings }, NOW_MS + TICK_MS, never);
    expect(new Set(deps.scansAt(NOW_MS + TICK_MS).values())).toEqual(new Set([1]));
    expect(deps.scansAt(NOW_MS + TICK_MS).size).toBe(40);
    const keyLogs = (tickMs: number) =>
      deps.invoked
        .filter((request) => request.tickMs === tickMs)
        .flatMap(({ proxies }) => proxies)
        .filter(({ collectors }) => collectors.includes('keyLogs'))
        .map(({ proxy }) => proxy.id);
    const next = memoryDispatch({ clock: deps.clock, proxies: proxiesNamed(40), tickLengthMs: TICK_MS }, { settings });
    await dispatch(next, NOW_MS, never);
    const dueThen = next.invoked
      .flatMap(({ proxies }) => proxies)
      .filter(({ collectors }) => collectors.includes('keyLogs'));
    // What was due once in twenty ticks at the one that died is there as well.
    expect(dueThen.length).toBeGreaterThan(0);
    expect(keyLogs(NOW_MS + TICK_MS)).toEqual(expect.arrayContaining(dueThen.map(({ proxy }) => proxy.id)));
  });

  test.each(['registry', 'failures', 'pauses', 'claims'] as const)(
    'fails clearly when %s cannot be read',
    async (part) => {
      const { deps } = create(3);
      const broken = {
        registry: { fetchProxies: unavailable },
        failures: { ...deps.failures, fetchAll: unavailable },
        pauses: { fetchAll: unavailable },
        claims: { ...deps.claims, claim: unavailable },
      };
      const failure = failureOf(dispatch({ ...deps, [part]: broken[part] }, NOW_MS, never));
      expect(await failure).toMatchObject({ code: 'STORE_UNAVAILABLE', message: 'redis is away' });
      expect(deps.invoked).toEqual([]);
      // It was not taken: another attempt at the same tick does better.
      expect((await dispatch(deps, NOW_MS, never)).kind).toBe('dispatched');
    },
  );

  test('ends in time when the registry does not answer, and at once when it is to stop', async () => {
    const { clock, deps } = create(3);
    const broken = { ...deps, registry: { fetchProxies: hang } };
    const late = failureOf(dispatch(broken, NOW_MS, never));
    await clock.pass(5_000);
    expect(await late).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: 'the registry took longer than its caller waits',
    });
    const stop = new AbortController();
    const stopped = failureOf(dispatch(broken, NOW_MS, stop.signal));
    stop.abort();
    expect(await stopped).toMatchObject({ code: 'CANCELLED', message: 'dispatch was stopped' });
    expect(clock.sleeping).toBe(0);
  });

  test('without a registry says so', async () => {
    const missing = () => Promise.reject(new ProxywatchError('REGISTRY_MISSING', 'no registry has been published'));
    const { deps } = create(0, { registry: { fetchProxies: missing } });
    expect(await failureOf(dispatch(deps, NOW_MS, never))).toMatchObject({ code: 'REGISTRY_MISSING' });
  });

  test('of a registry without proxies is complete', async () => {
    const { deps } = create(0);
    await dispatch(deps, NOW_MS, never);
    expect(deps.recorded).toMatchObject([{ outcome: 'complete', proxies: 0, due: 0, invocations: 0 }]);
  });

  test('tells what could not be sent, and is partial', async () => {
    const { clock, deps } = create(4);
    const invoke: MemoryDispatch['invoker']['invoke'] = async (request) => {
      if (request.proxies[0]?.proxy.id === 'shop-2') throw throttled();
      deps.invoked.push(request);
    };
    const run = dispatch({ ...deps, invoker: { invoke } }, NOW_MS, never);
    await clock.pass(TICK_MS);
    expect((await run).kind).toBe('dispatched');
    expect(deps.recorded).toMatchObject([
      {
        outcome: 'partial',
        invocations: 3,
        deadLetters: 1,
        lost: 0,
        problem: 'INVOKE_THROTTLED: lambda collect: rate exceeded',
      },
    ]);
    expect(deps.dead.map(({ request }) => request.proxies[0]?.proxy.id)).toEqual(['shop-2']);
    // Sending ends early enough for the rest before the next tick.
    expect(deps.recorded[0]?.durationMs).toBeLessThan(TICK_MS);
    expect(deps.lines.at(-1)).toMatchObject({ level: 'error', event: 'tick dispatched in part' });
  });

  test('tells in the log how far behind its tick all of it was sent', async () => {
    const { clock, deps } = create(1, { invoker: { invoke: () => clock.sleep(7_000, never) } });
    const run = dispatch(deps, NOW_MS - 20_000, never);
    await clock.pass(7_000);
    await run;
    expect(deps.lines.at(-1)).toMatchObject({ event: 'tick dispatched', fields: { lagMs: 27_000 } });
  });

  test('is sent and recorded elsewhere while one of the records hangs, and one is away', async () => {
    const { clock, deps } = create(2);
    const runs = [{ record: hang }, { record: unavailable }, ...deps.runs];
    const done = dispatch({ ...deps, runs }, NOW_MS, never);
    await clock.pass(3_000);
    expect((await done).kind).toBe('dispatched');
    expect([deps.invoked.length, deps.recorded.length]).toEqual([2, 1]);
    const warnings = deps.lines.filter(({ event }) => event === 'the run was not recorded');
    expect(warnings.map(({ fields }) => fields?.code)).toEqual(['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE']);
  });

  test('has tables maintained every few minutes, also when they are missed, and goes on without', async () => {
    let calls = 0;
    const { clock, deps } = create(1);
    const maintain = async () => {
      if (++calls > 1) await hang();
    };
    for (let number = 0; number < 5; number++) await dispatch({ ...deps, maintain }, NOW_MS + number * TICK_MS, never);
    expect(calls).toBe(1);
    const hanging = dispatch({ ...deps, maintain }, NOW_MS + 17 * TICK_MS, never);
    await clock.pass(18 * TICK_MS);
    expect((await hanging).kind).toBe('dispatched');
    expect(calls).toBe(2);
    expect(deps.lines.at(-1)).toMatchObject({ level: 'warn', event: 'tables were not maintained' });
  });

  test('forgets failures of proxies that left the registry', async () => {
    const failure = { count: 2, firstTickMs: NOW_MS, code: 'PROXY_UNREACHABLE', waitMs: 30_000 };
    const clock = new FakeDispatchClock(NOW_MS);
    const failures = new Map([
      ['shop-0', failure],
      ['gone', failure],
    ]);
    const deps = memoryDispatch({ clock, proxies: proxiesNamed(2), tickLengthMs: TICK_MS, failures });
    await dispatch(deps, NOW_MS, never);
    expect(deps.forgotten).toEqual(['gone']);
    expect(deps.recorded).toMatchObject([{ due: 1, backingOff: 1 }]);
  });
});
