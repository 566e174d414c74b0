import { beforeEach, describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { QueryEvent } from '@proxywatch/core/domain/processlist';
import type { KeyLogRecord, SlowSqlRecord } from '@proxywatch/core/domain/scan/scan-record';
import type { ProxyCapabilities } from '@proxywatch/core/ports/proxy-driver';
import { slowSqlCollector } from '../../../../../../functions/scanner/collect/collectors/slow-sql.ts';
import { sampleOf, sessionOf, T0, WatchedRuns } from './watched-run.ts';

/** The ring of a proxy: events by their ids, of which the oldest may be gone. */
let ring: { events: QueryEvent[]; dropped: number; uptimeS: number; reads: number };
let runs: WatchedRuns<SlowSqlRecord | KeyLogRecord>;
beforeEach(() => {
  ring = { events: [], dropped: 0, uptimeS: 3_600, reads: 0 };
  runs = new WatchedRuns(
    slowSqlCollector,
    {},
    {
      capabilities: { digests: true, queryEvents: true } as ProxyCapabilities,
      fetchQueryEvents: async ({ afterId, limit, minDurationUs }) => {
        ring.reads++;
        const behind = ring.events.filter(({ id }) => id > afterId);
        const events = behind.filter(({ durationUs }) => durationUs >= minDurationUs);
        const [oldest, newest] = [behind[0]?.id, behind.at(-1)?.id];
        return {
          events: events.slice(0, limit),
          ...(oldest !== undefined && newest !== undefined && { ids: { oldest, newest } }),
          isCut: events.length > limit,
          droppedSinceStart: ring.dropped,
          uptimeS: ring.uptimeS,
          proxyNowS: T0 / 1_000,
        };
      },
    },
  );
});

function eventOf(id: number, ms: number, other: Partial<QueryEvent> = {}): QueryEvent {
  return {
    id,
    startedAtMs: T0 - 10_000 + id,
    durationUs: ms * 1_000,
    user: 'app',
    schema: 'shop',
    digest: '0x1',
    query: "SELECT SLEEP('secret')",
    server: 'db1:3306',
    clientAddress: '10.0.0.9',
    hostgroup: '10',
    rowsSent: 1,
    rowsAffected: 0,
    errno: 0,
    ...other,
  };
}

const slow = () => runs.records.filter((record) => record.kind === 'slowSql');
const lost = () => runs.records.flatMap((record) => (record.kind === 'keyLogs' ? [record.detail.count] : []));

describe('recorded executions', () => {
  test('that took long are events, exactly as they were', async () => {
    ring.events = [eventOf(1, 3), eventOf(2, 1_500), eventOf(3, 999)];
    await runs.run();
    expect(runs.records).toEqual([
      {
        kind: 'slowSql',
        eventId: expect.stringMatching(/^[0-9a-f]{32}$/),
        proxy: expect.any(String),
        namespace: expect.any(String),
        observedAtMs: T0,
        source: 'event',
        durationUs: 1_500_000,
        isExact: true,
        startedAtMs: T0 - 9_998,
        digest: '0x1',
        text: 'SELECT SLEEP(?)',
        hostgroup: '10',
        schema: 'shop',
        user: 'app',
        server: 'db1:3306',
        clientAddress: '10.0.0.9',
        rowsSent: 1,
        rowsAffected: 0,
        errno: 0,
      },
    ]);
  });

  test('are told once', async () => {
    ring.events = [eventOf(1, 1_500)];
    await runs.run();
    ring.events.push(eventOf(2, 2_500));
    await runs.run();
    await runs.run();
    expect(slow().map(({ durationUs }) => durationUs)).toEqual([1_500_000, 2_500_000]);
  });

  test('are read from the beginning when the proxy has restarted', async () => {
    ring.events = [eventOf(1, 1_500), eventOf(2, 1_500)];
    await runs.run();
    ring = { ...ring, events: [eventOf(1, 3_000, { startedAtMs: T0 })], uptimeS: 30 };
    await runs.run();
    expect(slow().map(({ durationUs }) => durationUs)).toEqual([1_500_000, 1_500_000, 3_000_000]);
    expect(new Set(slow().map(({ eventId }) => eventId)).size).toBe(3);
  });

  test('are told by our clock', async () => {
    ring.events = [eventOf(1, 1_500)];
    const fetch = runs.session.fetchQueryEvents!;
    runs.session.fetchQueryEvents = async (...args) => ({ ...(await fetch(...args)), proxyNowS: T0 / 1_000 - 600 });
    await runs.run();
    expect(slow()[0]!.startedAtMs).toBe(ring.events[0]!.startedAtMs + 599_500);
  });

  test('that were lost before they were read are counted', async () => {
    ring = { ...ring, events: [eventOf(7, 1)], dropped: 50 };
    await runs.run();
    expect(lost()).toEqual([]);
    ring = { ...ring, events: [eventOf(12, 1)], dropped: 53 };
    await runs.run();
    await runs.run();
    expect(lost()).toEqual([7]);
    expect(runs.said.map(([event]) => event)).toEqual(['query events were lost before they were read']);
  });

  test('are read up to a bound, and the rest by the next run', async () => {
    runs.settings = { ...runs.settings, maxRecords: 3_000 };
    ring.events = Array.from({ length: 100_000 }, (_, i) => eventOf(i + 1, 1_500));
    await runs.run();
    expect(slow()).toHaveLength(3_000);
    expect(runs.said.map(([event]) => event)).toEqual(['more query events than one run reads']);
    await runs.run();
    expect(slow()).toHaveLength(6_000);
    expect(new Set(slow().map(({ eventId }) => eventId)).size).toBe(6_000);
    expect(ring.reads).toBe(4);
  });

  test('that are quick are passed over: they are neither read nor missed', async () => {
    ring.events = Array.from({ length: 100_000 }, (_, i) => eventOf(i + 1, i === 50_000 ? 1_500 : 1));
    await runs.run();
    expect({ reads: ring.reads, slow: slow().length }).toEqual({ reads: 1, slow: 1 });
    ring.events = [eventOf(100_001, 1_500), eventOf(100_002, 1)];
    await runs.run();
    expect(slow()).toHaveLength(2);
    expect(lost()).toEqual([]);
    expect(runs.said).toEqual([]);
  });

  test('that could not be committed are read again', async () => {
    ring.events = [eventOf(1, 1_500)];
    const full = new ProxywatchError('SINK_FULL', 'full');
    runs.beforeCommit = () => {
      throw full;
    };
    await expect(runs.run()).rejects.toBe(full);
    runs.beforeCommit = () => undefined;
    await runs.run();
    expect(slow()).toHaveLength(1);
  });

  test('that cannot be read take nothing down but this run', async () => {
    const gone = new ProxywatchError('PROXY_TIMEOUT', 'slow');
    runs.session = { ...runs.session, fetchQueryEvents: () => Promise.reject(gone) };
    await expect(runs.run()).rejects.toBe(gone);
    expect(runs.state).toBeUndefined();
  });
});

test('a ring that has never held anything is switched off, and slow SQL is inferred', async () => {
  const running = sessionOf({ command: 'Query', statement: 'SELECT 1', timeMs: 31_000 });
  await runs.run(sampleOf(0, [running]));
  expect(runs.records).toMatchObject([{ source: 'seen' }]);
  ring.events = [eventOf(1, 1_500)];
  await runs.run(sampleOf(60, [running]));
  expect(slow().map(({ source }) => source)).toEqual(['seen', 'event']);
});

test('a ring that the proxy lets nobody read is as good as none: slow SQL is inferred in the same run', async () => {
  const refused = new ProxywatchError('PROXY_UNSUPPORTED', 'near "DUMP": syntax error');
  runs.session = { ...runs.session, fetchQueryEvents: () => Promise.reject(refused) };
  await runs.run(sampleOf(0, [sessionOf({ command: 'Query', statement: 'SELECT 1', timeMs: 31_000 })]));
  expect(runs.records).toMatchObject([{ source: 'seen' }]);
});
