import { beforeEach, describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { SlowTransactionRecord } from '@proxywatch/core/domain/scan/scan-record';
import { slowTransactionsCollector } from '../../../../../../functions/scanner/collect/collectors/slow-transactions.ts';
import { sampleOf, sessionOf, WatchedRuns } from './watched-run.ts';

const inTransaction = (seconds: number, sessionId = '7') =>
  sessionOf({ sessionId, transactionUs: seconds * 1e6, command: 'Query', statement: "UPDATE t SET a = 'secret'" });

let runs: WatchedRuns<SlowTransactionRecord>;
beforeEach(() => {
  runs = new WatchedRuns(slowTransactionsCollector);
});

const told = () => runs.records.map(({ state, version }) => `${state} ${version}`);

describe('slow transactions', () => {
  test('are told as soon as they are slow, and as soon as they have ended', async () => {
    await runs.run(sampleOf(0, [inTransaction(3)]), sampleOf(2, [inTransaction(5)]), sampleOf(4, []));
    expect(told()).toEqual(['open 1', 'closed 2']);
    expect(runs.records.every(({ statement }) => statement === 'UPDATE t SET a = ?')).toBe(true);
  });

  test('go on from one run to the next', async () => {
    await runs.run(sampleOf(0, [inTransaction(3)]));
    expect(told()).toEqual([]);
    await runs.run(sampleOf(5, [inTransaction(8)]));
    await runs.run(sampleOf(10, [inTransaction(13)]), sampleOf(12, [inTransaction(15)]));
    await runs.run(sampleOf(17, []));
    expect(told()).toEqual(['open 1', 'closed 2']);
    expect(new Set(runs.records.map(({ eventId }) => eventId)).size).toBe(1);
  });

  test('cost nothing where there are none', async () => {
    await runs.run(sampleOf(0, [sessionOf()]), sampleOf(2, [inTransaction(0.5)]));
    expect(runs.commits).toBe(0);
  });

  test('are not guessed at where the proxy does not tell, which is said once', async () => {
    const silent = { tellsTransactions: false };
    await runs.run(sampleOf(0, [sessionOf({ timeMs: 60_000 })], silent), sampleOf(2, [sessionOf()], silent));
    await runs.run(sampleOf(60, [sessionOf()], silent));
    expect(runs.said).toEqual([['a proxy tells nothing of transactions', { proxy: expect.any(String) }]]);
    expect(runs.records).toEqual([]);
  });

  test('begin anew when their state cannot be read', async () => {
    runs.state = '{"v":1,"open":5}';
    await runs.run(sampleOf(0, [inTransaction(6)]));
    expect(told()).toEqual(['open 1']);
    expect(runs.said.map(([event]) => event)).toEqual(['slow transactions begin anew: unreadable state']);
  });

  test('are never in the log', async () => {
    await new WatchedRuns(slowTransactionsCollector, { showLiterals: true }).run(sampleOf(0, [inTransaction(6)]));
    expect(JSON.stringify(runs.said)).not.toContain('secret');
  });
});

describe('when something fails', () => {
  test('on the side of the proxy, what was seen so far is kept', async () => {
    const gone = new ProxywatchError('PROXY_UNREACHABLE', 'gone');
    await expect(runs.run(sampleOf(0, [inTransaction(3)]), { fail: gone })).rejects.toBe(gone);
    await runs.run(sampleOf(6, []));
    expect(told()).toEqual(['closed 1']);
  });

  test('in the store, the next run finds it again', async () => {
    runs.beforeCommit = () => {
      throw new ProxywatchError('STORE_UNAVAILABLE', 'away');
    };
    await expect(runs.run(sampleOf(0, [inTransaction(6)]))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(runs.state).toBeUndefined();
    runs.beforeCommit = () => undefined;
    await runs.run(sampleOf(10, [inTransaction(16)]));
    expect(told()).toEqual(['open 1']);
  });
});

describe('many sessions', () => {
  test('in slow transactions are followed and told up to a bound, and the rest is counted', async () => {
    runs = new WatchedRuns(slowTransactionsCollector, { maxRecords: 300 });
    const sessions = Array.from({ length: 10_000 }, (_, i) => inTransaction(6 + i / 1_000, `${i}`));
    await runs.run(sampleOf(0, sessions), sampleOf(2, []));
    expect(runs.records.filter(({ state }) => state === 'open')).toHaveLength(300);
    expect(runs.records.filter(({ state }) => state === 'closed')).toHaveLength(300);
    expect(runs.said).toEqual([
      ['slow transactions were left out', expect.objectContaining({ untold: 700, leftOut: 9_000 })],
    ]);
  });
});
