import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import { Holdings } from '../../../../../functions/gateway/ownership/holdings.ts';
import { createGate, FakeProxy, PROXY } from '../../../../support/fake-proxy.ts';
import { FakeStore } from '../../../../support/fake-store.ts';
import { MemoryLeases } from '../../../../support/memory-fleet.ts';
import { until } from '../../../../support/until.ts';
import { CLOCK, createTestLog, createTestWorker, METRICS } from '../test-worker.ts';

const LEASE_MS = 10_000;
const WANTED = new Map<string, RegisteredProxy>([[PROXY.id, PROXY]]);
const NOTHING = new Map<string, RegisteredProxy>();
/** Proxies that somebody had before. */
const KNOWN = new Set([PROXY.id]);
const SIGNAL = new AbortController().signal;

let proxy: FakeProxy;
let store: FakeStore;
let leases: MemoryLeases;
let nowMs: number;
const started: Holdings[] = [];

beforeEach(() => {
  proxy = new FakeProxy();
  store = new FakeStore();
  leases = new MemoryLeases();
  nowMs = 0;
});

afterEach(async () => {
  for (const holdings of started.splice(0)) await holdings.releaseAll();
});

function holdingsOf(memberId: string): Holdings {
  const holdings = new Holdings({
    leases,
    owner: () => ({ memberId, advertise: `${memberId}.example:9464` }),
    leaseMs: LEASE_MS,
    createWorker: (wanted) => createTestWorker(proxy, store, { proxy: wanted }),
    clock: { ...CLOCK, nowMs: () => nowMs },
    metrics: METRICS,
    log: createTestLog(),
  });
  started.push(holdings);
  return holdings;
}

describe('the proxies that a gateway owns', () => {
  test('are taken at once when they are new', async () => {
    const holdings = holdingsOf('a');
    await holdings.reconcile(WANTED, new Set(), SIGNAL);
    expect(holdings.workerOf(PROXY.id)).toBeDefined();
    expect(holdings.isWaiting).toBe(false);
  });

  test('are kept when only their settings change, and let go of when they are reached in another way', async () => {
    const holdings = holdingsOf('a');
    await holdings.reconcile(WANTED, new Set(), SIGNAL);
    const worker = holdings.workerOf(PROXY.id);
    const settings = { monitoring: { digestTopN: 5 }, appliedChecksums: { mysql_users: '0x1' } };
    await holdings.reconcile(new Map([[PROXY.id, { ...PROXY, ...settings }]]), KNOWN, SIGNAL);
    expect(holdings.workerOf(PROXY.id)).toBe(worker);
    expect(worker?.proxy).toMatchObject(settings);
    holdings.keepOnly(new Map([[PROXY.id, { ...PROXY, adminPort: PROXY.adminPort + 1 }]]));
    expect(holdings.workerOf(PROXY.id)).toBeUndefined();
  });

  test('are waited for as long as another has them', async () => {
    const [former, next] = [holdingsOf('a'), holdingsOf('b')];
    await former.reconcile(WANTED, new Set(), SIGNAL);
    await next.reconcile(WANTED, KNOWN, SIGNAL);
    expect(next.isWaiting).toBe(true);
    await former.releaseAll();
    await next.reconcile(WANTED, KNOWN, SIGNAL);
    expect(next.workerOf(PROXY.id)).toBeDefined();
  });

  test('stay with whoever remembers them when the store comes back empty', async () => {
    const [former, next] = [holdingsOf('a'), holdingsOf('b')];
    await former.reconcile(WANTED, new Set(), SIGNAL);
    leases.flush();
    await next.reconcile(WANTED, KNOWN, SIGNAL);
    expect(next.workerOf(PROXY.id)).toBeUndefined();
    await former.renew(SIGNAL);
    expect(leases.held.get(PROXY.id)?.owner.memberId).toBe('a');
    expect(former.workerOf(PROXY.id)).toBeDefined();
  });

  test('are taken after the time of a lease when nobody came back for them', async () => {
    const holdings = holdingsOf('b');
    await holdings.reconcile(WANTED, KNOWN, SIGNAL);
    nowMs = LEASE_MS - 1;
    await holdings.reconcile(WANTED, KNOWN, SIGNAL);
    expect(holdings.workerOf(PROXY.id)).toBeUndefined();
    nowMs = LEASE_MS;
    await holdings.reconcile(WANTED, KNOWN, SIGNAL);
    expect(holdings.workerOf(PROXY.id)).toBeDefined();
  });

  test('are let go of without a write when another has them, in the middle of a collection too', async () => {
    const holdings = holdingsOf('a');
    await holdings.reconcile(WANTED, new Set(), SIGNAL);
    const worker = holdings.workerOf(PROXY.id)!;
    await worker.refresh(5_000);
    const written = store.writes.length;
    const gate = createGate();
    proxy.executions.set('A', 3);
    proxy.before = (call) => (call === 'digests' ? gate.pass() : undefined);
    const collecting = worker.refresh(5_000);
    leases.held.set(PROXY.id, { token: 'next', owner: { memberId: 'b', advertise: 'b.example:9464' } });
    await holdings.renew(SIGNAL);
    expect([holdings.workerOf(PROXY.id), worker.isStopped]).toEqual([undefined, true]);
    gate.open();
    await collecting;
    await holdings.releaseAll();
    expect([store.writes.length, leases.held.get(PROXY.id)?.token]).toEqual([written, 'next']);
  });

  test('are written before their lease is free', async () => {
    const holdings = holdingsOf('a');
    await holdings.reconcile(WANTED, new Set(), SIGNAL);
    const gate = createGate();
    store.before = (call) => (call === 'save' ? gate.pass() : undefined);
    const refreshing = holdings.workerOf(PROXY.id)?.refresh(5_000);
    await until('a write is under way', () => store.writes.length > 0);
    const released = holdings.releaseAll();
    await until('the last write is under way', () => store.writes.length > 1);
    expect(leases.held.has(PROXY.id)).toBe(true);
    gate.open();
    await Promise.all([released, refreshing]);
    expect([leases.held.has(PROXY.id), store.histories.has(PROXY.id)]).toEqual([false, true]);
  });

  test('are written once more when the store came back empty between the write and the release', async () => {
    const holdings = holdingsOf('a');
    await holdings.reconcile(WANTED, new Set(), SIGNAL);
    await holdings.workerOf(PROXY.id)?.refresh(5_000);
    expect(store.histories.has(PROXY.id)).toBe(true);
    const release = leases.release.bind(leases);
    leases.release = (...args) => {
      leases.flush();
      store.flush();
      leases.release = release;
      return leases.release(...args);
    };
    await holdings.reconcile(NOTHING, KNOWN, SIGNAL);
    await holdings.releaseAll();
    expect(store.histories.has(PROXY.id)).toBe(true);
  });
});
