import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { RegistrySnapshot } from '@proxywatch/core/ports/proxy-registry';
import type { Fleet } from '../../../../functions/gateway/fleet.ts';
import type { WorkerLease } from '../../../../functions/gateway/ownership/held-lease.ts';
import { createGate, FakeProxy, PROXY } from '../../../support/fake-proxy.ts';
import { FakeStore, unavailable } from '../../../support/fake-store.ts';
import { MemoryLeases, MemoryMembership } from '../../../support/memory-fleet.ts';
import { until } from '../../../support/until.ts';
import { createTestFleet } from './test-fleet.ts';
import { createTestLog, createTestWorker, executionsIn, METRICS, scrape } from './test-worker.ts';

const proxyCalled = (id: string, more: Partial<RegisteredProxy> = {}): RegisteredProxy => ({ ...PROXY, id, ...more });

let log: ReturnType<typeof createTestLog>;
let answer: () => Promise<RegistrySnapshot>;
let polls: number;
let drivers: Map<string, FakeProxy>;
let store: FakeStore;
let fleet: Fleet;
let membership: MemoryMembership;
let leases: MemoryLeases;
let workerLeases: Map<string, WorkerLease>;

beforeEach(() => {
  log = createTestLog();
  polls = 0;
  drivers = new Map();
  store = new FakeStore();
  membership = new MemoryMembership();
  leases = new MemoryLeases();
  workerLeases = new Map();
  fleet = createTestFleet({
    membership,
    leases,
    registry: {
      fetchProxies: () => {
        polls++;
        return answer();
      },
    },
    createWorker: (proxy, lease) => {
      workerLeases.set(proxy.id, lease);
      const driver = drivers.get(proxy.id) ?? new FakeProxy();
      drivers.set(proxy.id, driver);
      return createTestWorker(driver, store, { proxy });
    },
    log,
  });
});
afterEach(() => fleet.stop());

/** The registry says from now on that there are these; resolves when the fleet has heard so. */
async function publish(proxies: readonly RegisteredProxy[], more: Partial<RegistrySnapshot> = {}): Promise<void> {
  answer = async () => ({ version: JSON.stringify([proxies, more]), proxies, damaged: [], ...more });
  await polled();
}
async function polled(): Promise<void> {
  const before = polls;
  fleet.start();
  await until('the registry was read twice more', () => polls >= before + 2);
}
const idsOf = () => fleet.workers.map(({ proxy }) => proxy.id);

describe('a fleet', () => {
  test('follows the registry: proxies come, go and come back', async () => {
    await publish([proxyCalled('a'), proxyCalled('b')]);
    expect(idsOf()).toEqual(['a', 'b']);
    const a = fleet.workerOf('a');
    await publish([proxyCalled('a')]);
    expect(idsOf()).toEqual(['a']);
    await publish([proxyCalled('a'), proxyCalled('b'), proxyCalled('c')]);
    expect(idsOf()).toEqual(['a', 'b', 'c']);
    expect(fleet.workerOf('a')).toBe(a);
    expect(drivers.get('b')?.sessions.map(({ closed }) => closed)).toEqual([true, false]);
  });

  test('writes the history of a proxy that is taken out of the registry, and goes on with it when it returns', async () => {
    const driver = new FakeProxy();
    drivers.set('a', driver);
    driver.executions.set('A', 5);
    await publish([proxyCalled('a')]);
    const executions = async () => executionsIn(await scrape(fleet.workerOf('a')!));
    expect(await executions()).toMatchObject({ all: 5, A: 5 });
    store.before = (call) => (call === 'save' ? Promise.reject(unavailable()) : undefined);
    driver.executions.set('A', 9);
    expect(await executions()).toEqual({});
    store.before = () => undefined;
    await publish([]);
    await until('its lease is free', () => !leases.held.has('a'));
    expect([fleet.targets, fleet.isRegistered('a'), fleet.workerOf('a')]).toEqual([[], false, undefined]);
    // While nobody looked, somebody emptied its table.
    driver.executions.set('A', 2);
    driver.uptimeS += 60;
    await publish([proxyCalled('a')]);
    await until('it is held again', () => fleet.workerOf('a') !== undefined);
    expect(await executions()).toMatchObject({ all: 11, A: 11 });
  });

  test('collects from everybody once without being scraped, and is ready then', async () => {
    await publish([proxyCalled('a'), proxyCalled('b')]);
    await until('all have been collected from', () => fleet.isReady);
    expect([...drivers.values()].map(({ calls }) => calls)).toEqual(Array(2).fill(['connect', 'digests', 'status']));
  });

  test('is not ready while a proxy is in the registry of which nobody has said who should own it', async () => {
    const planner = { advertise: '127.0.0.1:9465', isScraped: true, isDraining: false, holds: {} };
    await membership.heartbeat({ id: 'gateway-2', ...planner });
    await publish([proxyCalled('a')]);
    expect([fleet.isLoaded, fleet.isReady]).toEqual([true, false]);
    await membership.publish('gateway-2', new Map([['a', 'gateway-2']]), 0);
    await until('it is known that another owns it', () => fleet.isReady);
    await publish([proxyCalled('a'), proxyCalled('b')]);
    expect(fleet.isReady).toBe(false);
    const shared = new Map([
      ['a', 'gateway-2'],
      ['b', 'gateway-1'],
    ]);
    await membership.publish('gateway-2', shared, 1);
    await until('the new one is owned and collected from', () => fleet.isReady);
    expect(idsOf()).toEqual(['b']);
  });

  test('gives a proxy that changed a new worker once the old one has stopped', async () => {
    await publish([proxyCalled('a')]);
    await until('it has been collected from', () => fleet.isReady);
    const old = fleet.workerOf('a');
    const gate = createGate();
    store.before = (call) => (call === 'save' ? gate.pass() : undefined);
    answer = async () => ({
      version: '2',
      proxies: [proxyCalled('a', { adminPort: 7 }), proxyCalled('b')],
      damaged: [],
    });
    await until('the new proxy is there', () => fleet.workerOf('b') !== undefined);
    expect(fleet.workerOf('a')).toBeUndefined();
    gate.open();
    await until('the changed one is there', () => fleet.workerOf('a') !== undefined);
    expect(fleet.workerOf('a')).not.toBe(old);
    expect(drivers.get('a')?.sessions[0]?.closed).toBe(true);
  });

  test('changes nothing while the registry cannot be read, and says so once', async () => {
    await publish([proxyCalled('a')]);
    answer = async () => {
      throw new ProxywatchError('STORE_UNAVAILABLE', 'away');
    };
    await polled();
    await polled();
    expect(idsOf()).toEqual(['a']);
    await publish([proxyCalled('a'), proxyCalled('b')]);
    expect(idsOf()).toEqual(['a', 'b']);
    expect(log.events.filter((event) => event.startsWith('registry has'))).toEqual([
      'registry has a problem: STORE_UNAVAILABLE: away',
    ]);
  });

  test('knows nothing before it has read the registry, which an empty one is not', async () => {
    answer = async () => {
      throw new ProxywatchError('REGISTRY_MISSING', 'none');
    };
    await polled();
    expect([fleet.isLoaded, fleet.isReady]).toEqual([false, false]);
    await publish([]);
    expect([fleet.isLoaded, fleet.isReady]).toEqual([true, true]);
  });

  test('tells of entries that are broken and of a registry that is, and counts them', async () => {
    await publish([proxyCalled('a')], { damaged: [{ id: 'b', problem: 'no port' }], problem: 'the latest edit' });
    await polled();
    const told = log.events.filter((event) => event.includes('entry') || event.includes('problem'));
    expect(told.sort()).toEqual(['registry entry left out: no port', 'registry has a problem: the latest edit']);
    expect((await METRICS.registryProblems.get()).values[0]?.value).toBe(2);
  });

  test('counts its heartbeats, those that fail by the code of the error', async () => {
    await publish([proxyCalled('a')]);
    const countOf = async (outcome: string) =>
      (await METRICS.heartbeats.get()).values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0;
    const [ok, failed] = [await countOf('ok'), await countOf('STORE_UNAVAILABLE')];
    expect(ok).toBeGreaterThan(0);
    membership.failure = new ProxywatchError('STORE_UNAVAILABLE', 'away');
    await until('a failed heartbeat is counted', async () => (await countOf('STORE_UNAVAILABLE')) > failed);
    membership.failure = undefined;
    const before = await countOf('ok');
    await until('a good one is counted again', async () => (await countOf('ok')) > before);
  });

  test('stops all workers at once, a registry that never answers notwithstanding', async () => {
    await publish([proxyCalled('a'), proxyCalled('b')]);
    await until('all have been collected from', () => fleet.isReady);
    const asked = Promise.withResolvers<void>();
    answer = () => {
      asked.resolve();
      return new Promise(() => undefined);
    };
    await asked.promise;
    await fleet.stop();
    expect(idsOf()).toEqual([]);
    const sessions = [...drivers.values()].flatMap((driver) => driver.sessions);
    expect(sessions.map(({ closed }) => closed)).toEqual([true, true]);
  });

  test('stops before it ever began', async () => {
    await fleet.stop();
    expect(polls).toBe(0);
  });
});

describe('a fleet that could not be met yet', () => {
  const unreachable = new ProxywatchError('STORE_UNAVAILABLE', 'Redis is away');
  beforeEach(() => {
    membership.failure = unreachable;
  });

  test('watches all proxies without a lease, and lets nobody write', async () => {
    await publish([proxyCalled('a'), proxyCalled('b')]);
    await until('all have been collected from', () => fleet.isReady);
    expect(idsOf()).toEqual(['a', 'b']);
    expect(leases.held.size).toBe(0);
    for (const lease of workerLeases.values()) {
      expect(lease.stands()).toBe(false);
      await expect(lease.claim()).rejects.toThrow('no lease');
    }
  });

  test('follows the registry meanwhile', async () => {
    await publish([proxyCalled('a'), proxyCalled('b')]);
    await publish([proxyCalled('b'), proxyCalled('c')]);
    expect(idsOf()).toEqual(['b', 'c']);
  });

  test('goes on with the same workers under a lease once it is met', async () => {
    await publish([proxyCalled('a')]);
    const worker = fleet.workerOf('a');
    membership.failure = undefined;
    await until('the lease is held', () => leases.held.has('a'));
    await until('the worker has it', () => workerLeases.get('a')?.stands() === true);
    expect(fleet.workerOf('a')).toBe(worker);
    expect(await workerLeases.get('a')?.claim()).toBe(leases.held.get('a')?.token);
  });

  test('lets go of what another turns out to own', async () => {
    await publish([proxyCalled('a'), proxyCalled('b')]);
    await membership.publish(
      'gateway-2',
      new Map([
        ['a', 'gateway-1'],
        ['b', 'gateway-2'],
      ]),
      0,
    );
    const other = { advertise: '127.0.0.1:9465', isScraped: true, isDraining: false, holds: { b: 1 } };
    membership.failure = undefined;
    await membership.heartbeat({ id: 'gateway-2', ...other });
    await until('b is let go', () => fleet.workerOf('b') === undefined);
    expect(idsOf()).toEqual(['a']);
    expect(fleet.ownerOf('b')).toBe('127.0.0.1:9465');
  });
});
