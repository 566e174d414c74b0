import { describe, expect, jest, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { CollectRequest } from '@proxywatch/core/ports/collect-invoker';
import { statusCollector } from '../../../../../functions/scanner/collect/collectors/status.ts';
import { createGate } from '../../../../support/fake-proxy.ts';
import { MemorySink, sinkAway } from '../../../../support/memory-sink.ts';
import { until } from '../../../../support/until.ts';
import { PROXY, unreachable } from './scanned-proxy.ts';
import {
  collectOnce,
  collectorOf,
  collectorsOf,
  countingCollector,
  createTestScanner,
  eventOf,
  messagesIn,
  requestFor,
} from './test-collect.ts';

const KEY_LOGS = ['keyLogs'] as const;

function unavailable(): never {
  throw new ProxywatchError('STORE_UNAVAILABLE', 'redis is away');
}

describe('a run', () => {
  test('persists what it found before any sink has it, and forgets it when all have it', async () => {
    const { collect, store, dcdb, kafka } = createTestScanner({ collectors: collectorsOf(countingCollector()) });
    let heldAtDelivery = 0;
    kafka.before = () => {
      heldAtDelivery = store.held(PROXY.id).outbox.size;
    };
    const report = await collectOnce(collect, requestFor(KEY_LOGS));
    expect(heldAtDelivery).toBe(1);
    expect([messagesIn(dcdb), messagesIn(kafka)]).toEqual([['event 1'], ['event 1']]);
    expect(store.held(PROXY.id).outbox.size).toBe(0);
    expect(report).toMatchObject({ outcome: 'collected', delivered: 2, pending: 0, refused: 0 });
    expect(report.collectors).toEqual([{ name: 'keyLogs', records: 1 }]);
  });

  test('leaves word of how it went, of what it could not keep too', async () => {
    const notes: unknown[] = [];
    const failing = collectorOf('sqlErrors', async ({ count }) => {
      count({ truncated: 1 });
      count({ dropped: 2, truncated: 1 });
      throw new ProxywatchError('PROXY_TIMEOUT', 'too slow');
    });
    const reports = { note: async (...note: readonly unknown[]) => void notes.push(note.slice(0, 3)) };
    const collectors = collectorsOf(countingCollector(), failing);
    const { collect } = createTestScanner({ collectors, reports });
    const request = requestFor(['keyLogs', 'sqlErrors']);
    await collectOnce(collect, request);
    const counts = { outcome: 'collected', delivered: 2, pending: 0, refused: 0 };
    const run = { endedAtMs: expect.any(Number), durationMs: expect.any(Number) };
    const problem = { code: 'PROXY_TIMEOUT', message: 'too slow' };
    expect(notes).toEqual([
      [
        PROXY.id,
        { tickMs: request.tickMs, ...run, ...counts },
        [
          { name: 'keyLogs', records: 1, ...run, dropped: 0, truncated: 0, evicted: 0 },
          { name: 'sqlErrors', records: 0, problem, ...run, dropped: 2, truncated: 2, evicted: 0 },
        ],
      ],
    ]);
  });

  test('is no worse when no word of it can be left', async () => {
    const reports = { note: async () => unavailable() };
    const { collect, log } = createTestScanner({ collectors: collectorsOf(countingCollector()), reports });
    expect(await collectOnce(collect, requestFor(KEY_LOGS))).toMatchObject({ outcome: 'collected', delivered: 2 });
    expect(log.events).toContainEqual(expect.stringContaining('how a run went was not noted'));
  });

  test('goes on where the one before stopped', async () => {
    const { collect, dcdb } = createTestScanner({ collectors: collectorsOf(countingCollector()) });
    await collectOnce(collect, requestFor(KEY_LOGS));
    await collectOnce(collect, requestFor(KEY_LOGS));
    expect(messagesIn(dcdb)).toEqual(['event 1', 'event 2']);
  });

  test('leaves a proxy alone that another run has, also one of the same process', async () => {
    const gate = createGate();
    const scanner = createTestScanner();
    scanner.proxy.before = gate.pass;
    const first = collectOnce(scanner.collect, requestFor(['status']));
    await until('the first run reads', () => scanner.proxy.calls.length > 0);
    const second = await collectOnce(scanner.collect, requestFor(['status']));
    gate.open();
    expect(second).toMatchObject({ outcome: 'busy', collectors: [] });
    expect(await first).toMatchObject({ outcome: 'collected' });
    expect(scanner.failures.notes).toEqual(['px1: ok']);
  });

  test('gives the lease back, whatever happened', async () => {
    const { collect, store, proxy } = createTestScanner();
    proxy.before = unreachable;
    await collectOnce(collect, requestFor(['status']));
    expect(store.held(PROXY.id).owner).toBeUndefined();
  });

  test('has many proxies at once, and no more than it may', async () => {
    const gate = createGate();
    const { collect, proxy } = createTestScanner({ proxiesAtOnce: 3 });
    proxy.before = (call) => (call === 'connect' ? gate.pass() : undefined);
    const proxies = ['a', 'b', 'c', 'd', 'e'];
    const running = collect.collect(
      requestFor(['status'], { proxies }),
      new AbortController().signal,
      Date.now() + 60_000,
    );
    await until('three proxies are being connected to', () => proxy.atOnce === 3);
    gate.open();
    const report = await running;
    expect(report.proxies.map(({ proxy: id, outcome }) => [id, outcome])).toEqual(
      proxies.map((id) => [id, 'collected']),
    );
    expect(proxy.mostAtOnce).toBe(3);
  });

  test('keeps one proxy that fails in an unexpected way from the others', async () => {
    const { collect, log } = createTestScanner({
      settingsOf: () => {
        throw new TypeError('a mistake of ours');
      },
    });
    const report = await collectOnce(collect, requestFor(['status']));
    expect(report.problem).toMatchObject({ message: 'a mistake of ours' });
    expect(log.events.join()).toContain('INTERNAL');
  });
});

describe('collectors', () => {
  test('that fail take no others down', async () => {
    const { collect, dcdb, failures } = createTestScanner({
      collectors: collectorsOf(
        countingCollector(),
        collectorOf('sqlErrors', async () => {
          throw new ProxywatchError('PROXY_TIMEOUT', 'too slow');
        }),
      ),
    });
    const report = await collectOnce(collect, requestFor(['sqlErrors', 'keyLogs']));
    expect(report.collectors).toEqual([
      { name: 'sqlErrors', records: 0, problem: { code: 'PROXY_TIMEOUT', message: 'too slow' } },
      { name: 'keyLogs', records: 1 },
    ]);
    expect(messagesIn(dcdb)).toEqual(['event 1']);
    expect(failures.notes).toEqual(['px1: ok']);
  });

  test('that all fail for the proxy are a failure of the proxy', async () => {
    const { collect, proxy, failures } = createTestScanner();
    proxy.before = (call) => {
      if (call !== 'connect') throw new ProxywatchError('PROXY_TIMEOUT', 'too slow');
    };
    await collectOnce(collect, requestFor(['status', 'keyLogs']));
    expect(failures.notes).toEqual(['px1: PROXY_TIMEOUT']);
  });

  test('get a new connection when a call of another one has broken theirs', async () => {
    const late = createGate();
    const { collect, proxy } = createTestScanner({
      collectors: collectorsOf(
        collectorOf('sqlErrors', async ({ session, signal }) => {
          await session.fetchErrorTotals(signal).finally(late.open);
        }),
        collectorOf('keyLogs', async ({ session, signal, commit }) => {
          await late.pass();
          await session.fetchState(signal);
          await commit({ state: '1', records: [] });
        }),
      ),
    });
    proxy.before = (call) => {
      if (call === 'totals') throw new ProxywatchError('PROXY_TIMEOUT', 'too slow');
    };
    const report = await collectOnce(collect, requestFor(['sqlErrors', 'keyLogs']));
    expect(report.collectors.map(({ problem }) => problem?.code)).toEqual(['PROXY_TIMEOUT', undefined]);
    expect(proxy.sessions).toHaveLength(2);
  });

  test('share one connection, and one answer where they ask the same at once', async () => {
    const { collect, proxy } = createTestScanner();
    await collectOnce(collect, requestFor(['status', 'sqlErrors', 'keyLogs']));
    expect(proxy.calls).toEqual(['connect', 'status', 'state']);
    expect(proxy.mostAtOnce).toBe(1);
  });

  test('may find events of another kind, which go where their kind goes, together with the state', async () => {
    const { collect, dcdb, kafka } = createTestScanner({
      collectors: collectorsOf(
        collectorOf('sqlErrors', ({ commit }) => commit({ state: '1', records: [eventOf('ring overrun')] })),
      ),
    });
    await collectOnce(collect, requestFor(['sqlErrors']));
    expect(kafka.deliveries).toMatchObject([{ collector: 'keyLogs' }]);
    expect(messagesIn(dcdb)).toEqual(['ring overrun']);
  });

  test('that are not there are told by name', async () => {
    const { collect } = createTestScanner({ collectors: new Map() });
    const report = await collectOnce(collect, requestFor(['slowSql']));
    expect(report.collectors[0]?.problem).toMatchObject({ code: 'PROXY_UNSUPPORTED' });
  });
});

describe('a proxy that is down', () => {
  test('has a status that says why, and is noted as failing', async () => {
    const { collect, proxy, redis, failures } = createTestScanner();
    proxy.before = unreachable;
    const report = await collectOnce(collect, requestFor(['status', 'keyLogs']));
    expect(report).toMatchObject({ outcome: 'unreachable', problem: { code: 'PROXY_UNREACHABLE' } });
    expect([...redis.records.values()]).toMatchObject([
      { kind: 'status', reachable: false, problem: 'PROXY_UNREACHABLE: connection refused' },
    ]);
    expect(failures.notes).toEqual(['px1: PROXY_UNREACHABLE']);
  });

  test('gets what was read before to its sinks nevertheless', async () => {
    const { collect, proxy, dcdb, kafka } = createTestScanner({ collectors: collectorsOf(countingCollector()) });
    kafka.before = sinkAway;
    await collectOnce(collect, requestFor(KEY_LOGS));
    kafka.before = () => undefined;
    proxy.before = unreachable;
    const report = await collectOnce(collect, requestFor(KEY_LOGS));
    expect(report).toMatchObject({ outcome: 'unreachable', delivered: 1, pending: 0 });
    expect([messagesIn(kafka), messagesIn(dcdb)]).toEqual([['event 1'], ['event 1']]);
  });

  test('is nobody whose credential cannot be asked for: that is our trouble', async () => {
    const { collect, failures } = createTestScanner({
      credentials: {
        fetchCredential: async () => {
          throw new ProxywatchError('SERVICE_UNREACHABLE', 'the keeper of secrets is away');
        },
      },
    });
    const report = await collectOnce(collect, requestFor(['keyLogs']));
    expect(report).toMatchObject({ outcome: 'unreachable', problem: { code: 'SERVICE_UNREACHABLE' } });
    expect(failures.notes).toEqual([]);
  });
});

describe('a sink that is away', () => {
  test('loses nothing in an hour, gets it in order, and keeps no other sink waiting', async () => {
    const { collect, dcdb, kafka, store, log } = createTestScanner({ collectors: collectorsOf(countingCollector()) });
    kafka.before = sinkAway;
    for (let minute = 0; minute < 60; minute++) await collectOnce(collect, requestFor(KEY_LOGS));
    expect(log.events).not.toContain('what was kept is delivered');
    const events = Array.from({ length: 61 }, (_, i) => `event ${i + 1}`);
    expect(messagesIn(dcdb)).toEqual(events.slice(0, 60));
    expect(messagesIn(kafka)).toEqual([]);
    kafka.before = () => undefined;
    const report = await collectOnce(collect, requestFor(KEY_LOGS));
    expect(messagesIn(kafka)).toEqual(events);
    expect(messagesIn(dcdb)).toEqual(events);
    expect(report).toMatchObject({ delivered: 62, pending: 0 });
    expect(log.events.at(-1)).toBe('what was kept is delivered');
    expect(store.held(PROXY.id).outbox.size).toBe(0);
  });

  test('is tried once in a run, not once for every batch', async () => {
    const { collect, kafka } = createTestScanner({ collectors: collectorsOf(countingCollector()) });
    kafka.before = sinkAway;
    for (let minute = 0; minute < 5; minute++) await collectOnce(collect, requestFor(KEY_LOGS));
    expect(kafka.attempts).toBe(5);
  });

  test('that hangs is given up after a time', async () => {
    jest.useFakeTimers();
    try {
      const { collect, kafka, dcdb } = createTestScanner({ collectors: collectorsOf(countingCollector()) });
      kafka.before = () => new Promise(() => undefined);
      const running = collectOnce(collect, requestFor(KEY_LOGS));
      await jest.advanceTimersByTimeAsync(6_000);
      expect(await running).toMatchObject({ outcome: 'collected', pending: 1 });
      expect(messagesIn(dcdb)).toEqual(['event 1']);
    } finally {
      jest.useRealTimers();
    }
  });

  test('stops the reading when there is no more room, and lets the status through', async () => {
    const limits = { maxPendingBytes: 3_000 };
    const { collect, kafka, redis, dcdb, store, proxy } = createTestScanner({
      ...limits,
      collectors: collectorsOf(countingCollector(), statusCollector),
    });
    store.maxPendingBytes = limits.maxPendingBytes;
    kafka.before = sinkAway;
    let report = await collectOnce(collect, requestFor(['status', 'keyLogs']));
    while (!report.collectors.some(({ problem }) => problem?.code === 'SINK_FULL')) {
      report = await collectOnce(collect, requestFor(['status', 'keyLogs']));
    }
    const readUntil = messagesIn(dcdb).length;
    proxy.calls.length = 0;
    redis.deliveries.length = 0;
    await collectOnce(collect, requestFor(['status', 'keyLogs']));
    expect(messagesIn(dcdb)).toHaveLength(readUntil);
    expect(redis.deliveries).toHaveLength(1);
    kafka.before = () => undefined;
    await collectOnce(collect, requestFor(['status', 'keyLogs']));
    expect(messagesIn(kafka)).toEqual(Array.from({ length: readUntil + 1 }, (_, i) => `event ${i + 1}`));
  });

  test('that refuses a batch for good does not hold up what comes after it', async () => {
    const { collect, kafka, log } = createTestScanner({ collectors: collectorsOf(countingCollector()) });
    kafka.before = ({ records }) => {
      if (records.some((record) => 'message' in record && record.message === 'event 1')) {
        throw new ProxywatchError('SINK_REFUSED', 'not a record');
      }
    };
    const report = await collectOnce(collect, requestFor(KEY_LOGS));
    expect(report).toMatchObject({ refused: 1, pending: 0 });
    expect(log.events).toContain('a batch is let go: not a record');
    await collectOnce(collect, requestFor(KEY_LOGS));
    expect(messagesIn(kafka)).toEqual(['event 2']);
  });

  test('that is configured no more is waited for no more', async () => {
    const first = createTestScanner({ collectors: collectorsOf(countingCollector()) });
    first.kafka.before = sinkAway;
    await collectOnce(first.collect, requestFor(KEY_LOGS));
    const dcdb = new MemorySink('dcdb');
    const second = createTestScanner({
      store: first.store,
      leases: first.store.leases,
      sinks: new Map([['dcdb', dcdb]]),
      collectors: collectorsOf(collectorOf('keyLogs', async () => undefined)),
    });
    expect(await collectOnce(second.collect, requestFor(KEY_LOGS))).toMatchObject({ pending: 0, refused: 1 });
  });
});

describe('a run that is killed', () => {
  test('between sink and store doubles nothing in the database, and Kafka has the same event again', async () => {
    const { collect, store, dcdb, kafka } = createTestScanner({ collectors: collectorsOf(countingCollector()) });
    // Whatever was to be settled never is: the process is gone.
    store.before = (call) => (call === 'settle' ? unavailable() : undefined);
    await collectOnce(collect, requestFor(KEY_LOGS));
    store.before = () => undefined;
    await collectOnce(collect, requestFor(KEY_LOGS));
    expect([...dcdb.records.values()].map((record) => 'message' in record && record.message)).toEqual([
      'event 1',
      'event 2',
    ]);
    expect(messagesIn(kafka)).toEqual(['event 1', 'event 1', 'event 2']);
    expect(kafka.deliveries[0]).toEqual(kafka.deliveries[1]);
  });

  test('after a commit that nobody heard of finds nothing twice', async () => {
    const { collect, store, dcdb } = createTestScanner({ collectors: collectorsOf(countingCollector()) });
    store.after = (call) => (call === 'commit' ? unavailable() : undefined);
    const report = await collectOnce(collect, requestFor(KEY_LOGS));
    expect(report.collectors[0]?.problem).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    store.after = () => undefined;
    await collectOnce(collect, requestFor(KEY_LOGS));
    expect(messagesIn(dcdb)).toEqual(['event 1', 'event 2']);
  });
});

describe('without the store', () => {
  test('nothing is read, and the proxy is not blamed', async () => {
    const { collect, store, proxy, failures } = createTestScanner();
    store.before = unavailable;
    const report = await collectOnce(collect, requestFor(['status']));
    expect(report).toMatchObject({ outcome: 'failed', problem: { code: 'STORE_UNAVAILABLE' } });
    expect(proxy.calls).toEqual([]);
    expect(failures.notes).toEqual([]);
  });

  test('that goes in the middle nothing is delivered that was not persisted', async () => {
    const { collect, store, dcdb, kafka, redis } = createTestScanner();
    store.before = (call) => (call === 'commit' ? unavailable() : undefined);
    const report = await collectOnce(collect, requestFor(['status', 'keyLogs']));
    expect(report.collectors).toMatchObject([{ name: 'status' }, { problem: { code: 'STORE_UNAVAILABLE' } }]);
    expect([dcdb.attempts, kafka.attempts, redis.attempts]).toEqual([0, 0, 1]);
  });
});

describe('a run that lost its lease', () => {
  test('writes nothing any more, and reads nothing any more', async () => {
    const gate = createGate();
    const { collect, store, dcdb, kafka } = createTestScanner({
      collectors: collectorsOf(
        countingCollector(),
        collectorOf('sqlErrors', ({ signal }) => {
          const { promise, reject } = Promise.withResolvers<void>();
          signal.addEventListener('abort', () => reject(signal.reason));
          return promise;
        }),
      ),
    });
    store.before = (call) => (call === 'commit' ? gate.pass() : undefined);
    const running = collectOnce(collect, requestFor(['keyLogs', 'sqlErrors']));
    await until('it commits', () => store.calls.includes('commit'));
    store.takeOver(PROXY.id);
    gate.open();
    expect(await running).toMatchObject({ outcome: 'failed', problem: { code: 'STORE_FENCED' } });
    expect([dcdb.attempts, kafka.attempts]).toEqual([0, 0]);
    expect(store.held(PROXY.id).states.size).toBe(0);
  });

  test('notices when it settles, and leaves the rest to the other', async () => {
    const { collect, store, dcdb, kafka } = createTestScanner({ collectors: collectorsOf(countingCollector()) });
    dcdb.before = () => void store.takeOver(PROXY.id);
    kafka.before = () => new Promise(() => undefined);
    const report = await collectOnce(collect, requestFor(KEY_LOGS));
    expect(report).toMatchObject({ outcome: 'failed', problem: { code: 'STORE_FENCED' } });
    expect(store.held(PROXY.id).outbox.size).toBe(1);
  });
});

describe('the end of the time', () => {
  const patient = () =>
    collectorOf('sqlErrors', async ({ signal, commit }) => {
      await commit({ state: 'half', records: [eventOf('first half')] });
      const { promise, reject } = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => reject(signal.reason));
      await promise;
    });

  test('leaves nothing half-done: what was committed is delivered, the rest is taken up by the next run', async () => {
    jest.useFakeTimers();
    try {
      const { collect, store, dcdb, failures } = createTestScanner({ collectors: collectorsOf(patient()) });
      const beganMs = Date.now();
      const running = collectOnce(collect, requestFor(['sqlErrors']), { limitMs: 20_000 });
      await jest.advanceTimersByTimeAsync(20_000);
      const report = await running;
      expect(report).toMatchObject({ outcome: 'unfinished', pending: 0 });
      expect(report.collectors[0]?.problem).toMatchObject({ code: 'CANCELLED' });
      expect(Date.now() - beganMs).toBeLessThanOrEqual(20_000);
      expect(messagesIn(dcdb)).toEqual(['first half']);
      expect(store.held(PROXY.id).states.get('sqlErrors')).toBe('half');
      expect(store.held(PROXY.id).owner).toBeUndefined();
      expect(failures.notes).toEqual([]);
    } finally {
      jest.useRealTimers();
    }
  });

  test('is not overrun by a collector that does not listen', async () => {
    jest.useFakeTimers();
    try {
      const deaf = collectorOf('sqlErrors', () => new Promise(() => undefined));
      const { collect } = createTestScanner({ collectors: collectorsOf(deaf) });
      const running = collectOnce(collect, requestFor(['sqlErrors']), { limitMs: 20_000 });
      await jest.advanceTimersByTimeAsync(18_000);
      expect(await running).toMatchObject({ outcome: 'unfinished' });
    } finally {
      jest.useRealTimers();
    }
  });

  test('comes before a proxy that was not begun with', async () => {
    const { collect, proxy } = createTestScanner();
    const report = await collectOnce(collect, requestFor(['status']), { signal: AbortSignal.abort() });
    expect(report).toMatchObject({ outcome: 'unfinished' });
    expect(proxy.calls).toEqual([]);
  });

  test('may be brought forward by whoever asked', async () => {
    const stopping = new AbortController();
    const { collect, dcdb } = createTestScanner({ collectors: collectorsOf(patient()) });
    const running = collectOnce(collect, requestFor(['sqlErrors']), { signal: stopping.signal });
    await until('the first half is delivered', () => dcdb.deliveries.length > 0);
    stopping.abort();
    expect(await running).toMatchObject({ outcome: 'unfinished', pending: 0 });
  });
});

describe('the window', () => {
  async function windowOf(request: CollectRequest, limitMs: number): Promise<number> {
    let endMs = 0;
    const { collect } = createTestScanner({
      collectors: collectorsOf(
        collectorOf('sqlErrors', async ({ windowEndMs }) => {
          endMs = windowEndMs;
        }),
      ),
    });
    await collectOnce(collect, request, { limitMs });
    return endMs;
  }

  test('ends in time for the next tick', async () => {
    const request = requestFor(['sqlErrors'], { windowMs: 60_000 });
    expect(await windowOf(request, 120_000)).toBe(request.tickMs + 58_000);
  });

  test('ends in time for the end of the invocation', async () => {
    const request = requestFor(['sqlErrors'], { windowMs: 60_000 });
    const beganMs = Date.now();
    expect(await windowOf(request, 30_000)).toBeLessThanOrEqual(beganMs + 30_000);
  });

  test('of a request that comes late is over', async () => {
    const beganMs = Date.now();
    const request = { ...requestFor(['sqlErrors'], { windowMs: 60_000 }), tickMs: beganMs - 600_000 };
    const endMs = await windowOf(request, 120_000);
    expect(endMs).toBeGreaterThanOrEqual(beganMs);
    expect(endMs).toBeLessThanOrEqual(Date.now());
  });
});
