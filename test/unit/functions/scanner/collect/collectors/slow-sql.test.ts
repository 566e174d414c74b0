import { beforeEach, describe, expect, test } from '@jest/globals';
import { encodeDigestKey } from '@proxywatch/core/domain/digests/digest-key';
import type { RowChange } from '@proxywatch/core/domain/digests/row-changes';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { ProxySessionState } from '@proxywatch/core/domain/processlist';
import type { SlowSqlRecord } from '@proxywatch/core/domain/scan/scan-record';
import type { DigestRound } from '../../../../../../functions/scanner/collect/collect-context.ts';
import { slowSqlCollector } from '../../../../../../functions/scanner/collect/collectors/slow-sql.ts';
import { type Step, sampleOf, sessionOf, T0, WatchedRuns } from './watched-run.ts';

let runs: WatchedRuns<SlowSqlRecord>;
let asked: (readonly string[])[];
beforeEach(async () => {
  asked = [];
  runs = runsWith({});
  await runs.run(roundOf(-60, [newborn('0x9', 5)], { verdict: 'begun', fromMs: undefined }));
});

function runsWith(settings: ConstructorParameters<typeof WatchedRuns>[1]) {
  return new WatchedRuns<SlowSqlRecord>(slowSqlCollector, settings, {
    fetchDigestTexts: async (digests) => {
      asked.push(digests);
      return new Map(digests.map((digest) => [digest, 'SELECT SLEEP(?)']));
    },
  });
}

const running = (seconds: number, other: Partial<ProxySessionState> = {}) =>
  sessionOf({ command: 'Query', timeMs: seconds * 1_000, statement: "SELECT SLEEP('secret')", ...other });

function newborn(digest: string, ms: number, user = 'app'): RowChange {
  const counters = { executions: 1, timeUs: ms * 1_000, rowsAffected: 0, rowsSent: 0 };
  const key = encodeDigestKey({ hostgroup: '10', schema: 'shop', user, clientAddress: '', digest });
  return { kind: 'newborn', bornS: 10, by: counters, row: { key, counters, firstSeenS: 0, maxTimeUs: ms * 1_000 } };
}

/** A round of digests, so many seconds after the test began, a minute after the one before. */
function roundOf(s: number, changes: readonly RowChange[], told: Partial<DigestRound> = {}): Step {
  const times = { fromMs: T0 + (s - 60) * 1_000, toMs: T0 + s * 1_000, uptimeS: 3_600 + s, proxyNowS: T0 / 1_000 + s };
  return { round: { ...times, changes, verdict: 'continued', reason: undefined, ...told } };
}

const told = () => runs.records.map(({ source, durationUs }) => [source, durationUs / 1_000]);

describe('a statement that took long', () => {
  test('is one event with its digest, user, schema and duration, though nobody saw it run', async () => {
    await runs.run(roundOf(0, [newborn('0x1', 1_500)]));
    expect(runs.records).toEqual([
      {
        kind: 'slowSql',
        eventId: expect.stringMatching(/^[0-9a-f]{32}$/),
        proxy: expect.any(String),
        namespace: expect.any(String),
        observedAtMs: T0,
        source: 'inferred',
        durationUs: 1_500_000,
        isExact: true,
        startedAtMs: T0 - 61_500,
        digest: '0x1',
        text: 'SELECT SLEEP(?)',
        hostgroup: '10',
        schema: 'shop',
        user: 'app',
      },
    ]);
  });

  test('and was seen running is one event, with its start, client and server', async () => {
    await runs.run(roundOf(0, []), sampleOf(10, [running(1.2)]), sampleOf(12, [sessionOf()]));
    expect(told()).toEqual([]);
    await runs.run(roundOf(60, [newborn('0x1', 2_300)]), sampleOf(62, []));
    expect(runs.records).toMatchObject([
      {
        source: 'inferred',
        durationUs: 2_300_000,
        startedAtMs: T0 + 8_800,
        digest: '0x1',
        clientAddress: '10.0.0.9',
        server: 'db1:3306',
        text: 'SELECT SLEEP(?)',
      },
    ]);
  });

  test('and that no digest explains is told by itself once digests were read', async () => {
    await runs.run(roundOf(0, []), sampleOf(10, [running(1.2)]), sampleOf(12, []));
    await runs.run(roundOf(60, []));
    await runs.run(roundOf(120, []));
    expect(runs.records).toMatchObject([
      { source: 'seen', durationUs: 1_200_000, isExact: false, text: 'SELECT SLEEP(?)', startedAtMs: T0 + 8_800 },
    ]);
  });

  test('and lasts is told while it does, and once more under the same id when it has ended', async () => {
    await runs.run(sampleOf(10, [running(29)]), sampleOf(12, [running(31)]), sampleOf(14, [running(33)]));
    expect(told()).toEqual([['seen', 31_000]]);
    await runs.run(sampleOf(70, [sessionOf()]));
    await runs.run(roundOf(120, [newborn('0x1', 55_000)]));
    const [first, last, ...others] = runs.records;
    expect(last).toMatchObject({ source: 'inferred', eventId: first!.eventId, startedAtMs: first!.startedAtMs });
    expect(others).toEqual([]);
  });

  test('is told by itself at once where a proxy has no digests', async () => {
    runs.session = { ...runs.session, capabilities: { digests: false, queryEvents: false } as never };
    await runs.run(sampleOf(10, [running(1.2)]), sampleOf(12, []));
    expect(told()).toEqual([['seen', 1_200]]);
  });

  test('is none at the first sight of a proxy', async () => {
    runs = runsWith({});
    await runs.run(roundOf(0, [newborn('0x1', 9_000)], { verdict: 'begun', fromMs: undefined }));
    expect(told()).toEqual([]);
  });

  test('shows its literals only where that is allowed, and never in the log', async () => {
    const steps = [roundOf(0, []), sampleOf(10, [running(1.2)]), sampleOf(12, []), roundOf(60, [])];
    await runs.run(...steps);
    expect(JSON.stringify([runs.records, runs.state])).not.toContain('secret');
    runs = runsWith({ showLiterals: true });
    await runs.run(...steps);
    expect(runs.records).toMatchObject([{ text: "SELECT SLEEP('secret')" }]);
    expect(JSON.stringify(runs.said)).not.toContain('secret');
  });

  test('has its text asked for once', async () => {
    await runs.run(roundOf(0, [newborn('0x1', 1_500)]));
    await runs.run(roundOf(60, [{ ...newborn('0x1', 2_500), kind: 'restarted' }]));
    expect(asked).toEqual([['0x1']]);
    expect(runs.records.map(({ text }) => text)).toEqual(['SELECT SLEEP(?)', 'SELECT SLEEP(?)']);
  });
});

describe('when something fails', () => {
  const unavailable = new ProxywatchError('STORE_UNAVAILABLE', 'away');

  test('in the store, the round is told again to the next run', async () => {
    const before = runs.state;
    runs.beforeCommit = () => {
      throw unavailable;
    };
    const steps = [roundOf(0, [newborn('0x1', 1_500)]), sampleOf(2, [running(40)])];
    await expect(runs.run(...steps)).rejects.toBe(unavailable);
    expect(runs.state).toBe(before);
    runs.beforeCommit = () => undefined;
    await runs.run(roundOf(60, [newborn('0x1', 1_500)], { fromMs: T0 - 60_000 }));
    expect(told()).toEqual([['inferred', 1_500]]);
  });

  test('in a round that was committed, but whose history was not saved, nothing is told twice', async () => {
    await runs.run(roundOf(0, [newborn('0x1', 1_500)]));
    await runs.run(roundOf(60, [newborn('0x1', 1_500)], { fromMs: T0 - 60_000 }));
    expect(told()).toEqual([['inferred', 1_500]]);
  });

  test('on the side of the proxy, what was seen so far is kept', async () => {
    const gone = new ProxywatchError('PROXY_UNREACHABLE', 'gone');
    await expect(runs.run(sampleOf(10, [running(1.2)]), { fail: gone })).rejects.toBe(gone);
    await runs.run(sampleOf(20, []), roundOf(60, []));
    expect(told()).toEqual([['seen', 1_200]]);
  });

  test('while texts are read, events have none', async () => {
    runs.session = { fetchDigestTexts: () => Promise.reject(new ProxywatchError('PROXY_TIMEOUT', 'slow')) };
    await runs.run(roundOf(0, [newborn('0x1', 1_500)]));
    expect(runs.records).toMatchObject([{ digest: '0x1' }]);
    expect(runs.records[0]).not.toHaveProperty('text');
    expect(runs.said).toEqual([
      ['texts of slow digests were not read', expect.objectContaining({ code: 'PROXY_TIMEOUT' })],
    ]);
  });

  test('to be read of its state, it begins anew', async () => {
    runs.state = '{}';
    await runs.run(roundOf(0, [newborn('0x1', 1_500)]));
    expect(told()).toEqual([['inferred', 1_500]]);
    expect(runs.said.map(([event]) => event)).toEqual(['slow SQL begins anew: unreadable state']);
  });
});

describe('too much slow SQL', () => {
  test('is told up to a bound, the slowest first, and the rest is counted', async () => {
    runs.settings = { ...runs.settings, maxRecords: 100 };
    const changes = Array.from({ length: 20_000 }, (_, i) => newborn(`0x${i}`, 1_500 + i));
    await runs.run(roundOf(0, changes));
    expect(runs.records).toHaveLength(100);
    expect(runs.records.at(-1)!.durationUs).toBe((1_500 + 19_900) * 1_000);
    expect(runs.said).toEqual([['slow SQL was left out', expect.objectContaining({ untold: 19_900 })]]);
    expect(asked[0]).toHaveLength(100);
  });

  test('running in 10,000 sessions is remembered up to a bound', async () => {
    const sessions = Array.from({ length: 10_000 }, (_, i) => running(2 + i / 1_000, { sessionId: `${i}` }));
    await runs.run(sampleOf(0, sessions), sampleOf(2, []));
    expect(runs.said).toEqual([['slow SQL was left out', expect.objectContaining({ leftOut: 9_500 })]]);
    expect(runs.state!.length).toBeLessThan(250_000);
  });
});
