import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Processlist, ProxySessionState } from '../../../../../../layers/core/src/domain/processlist.ts';
import type { SlowTransactionRecord } from '../../../../../../layers/core/src/domain/scan/scan-record.ts';
import {
  MAX_OPEN,
  observeTransactions,
  type TransactionsOptions,
  type TransactionsSeen,
} from '../../../../../../layers/core/src/domain/scan/transactions.ts';

const T0 = 1_800_000_000_000;
const OPTIONS: TransactionsOptions = {
  proxy: 'p1',
  namespace: 'shop',
  thresholdMs: 5_000,
  showLiterals: false,
  room: 1_000,
};

let seen: TransactionsSeen;
beforeEach(() => {
  seen = { state: { open: [] }, records: [], untold: 0, leftOut: 0 };
});

/** A sample `s` seconds after the test began, of these sessions; by default the proxy runs for an hour then. */
function sample(s: number, sessions: readonly ProxySessionState[], told: Partial<Processlist> = {}) {
  return observe(
    s * 1_000,
    { uptimeS: Math.floor(3_600 + s), proxyNowS: Math.floor(T0 / 1_000 + s), ...told },
    sessions,
  );
}

function observe(
  ms: number,
  told: Partial<Processlist> & Pick<Processlist, 'uptimeS' | 'proxyNowS'>,
  sessions: readonly ProxySessionState[],
  options = OPTIONS,
): readonly SlowTransactionRecord[] {
  const list = { tellsTransactions: true, isCut: false, ...told, sessions };
  // As another process would find it.
  seen = observeTransactions(JSON.parse(JSON.stringify(seen.state)), list, T0 + ms, options);
  return seen.records;
}

/** A session, asleep in a transaction for so many seconds; `undefined`: in none. */
function session(transactionS: number | undefined, other: Partial<ProxySessionState> = {}): ProxySessionState {
  return {
    sessionId: '7',
    user: 'app',
    schema: 'shop',
    clientAddress: '10.0.0.9',
    hostgroup: '10',
    server: 'db1:3306',
    command: 'Sleep',
    timeMs: 0,
    isStatementCut: false,
    ...(transactionS !== undefined && { transactionUs: transactionS * 1e6 }),
    ...other,
  };
}

const summary = (records: readonly SlowTransactionRecord[]) =>
  records.map(({ state, version, durationMs }) => [state, version, durationMs]);

describe('a slow transaction', () => {
  test('is opened when it has lasted for long, and closed when it is not shown any more', () => {
    expect(sample(0, [session(3)])).toEqual([]);
    expect(summary(sample(2, [session(5)]))).toEqual([['open', 1, 5_000]]);
    expect(sample(4, [session(7)])).toEqual([]);
    expect(summary(sample(6, [session(undefined, { timeMs: 400 })]))).toEqual([['closed', 2, 7_800]]);
    expect(sample(8, [session(undefined)])).toEqual([]);
  });

  test('says who ran what, and when it began', () => {
    sample(0, [session(3, { command: 'Query', statement: "UPDATE t SET a = 'secret'", timeMs: 100 })]);
    expect(sample(3, [session(6, { timeMs: 2_900 })])).toEqual([
      {
        kind: 'slowTransactions',
        eventId: expect.stringMatching(/^[0-9a-f]{32}$/),
        proxy: 'p1',
        namespace: 'shop',
        observedAtMs: T0 + 3_000,
        version: 1,
        state: 'open',
        startedAtMs: T0 - 3_000,
        durationMs: 6_000,
        sessionId: '7',
        user: 'app',
        schema: 'shop',
        hostgroup: '10',
        server: 'db1:3306',
        clientAddress: '10.0.0.9',
        statement: 'UPDATE t SET a = ?',
        idleMs: 2_900,
      },
    ]);
  });

  test('shows its literals where that is allowed', () => {
    const told = { uptimeS: 3_600, proxyNowS: T0 / 1_000 };
    const running = session(6, { command: 'Query', statement: "SELECT 'a'" });
    expect(observe(0, told, [running], { ...OPTIONS, showLiterals: true })[0]!.statement).toBe("SELECT 'a'");
  });

  test('is updated every 30 s under the same id, with the start that was told first', () => {
    const [first] = sample(0, [session(5.4)]);
    for (let s = 2; s < 30; s += 2) expect(sample(s, [session(5.8 + s)])).toEqual([]);
    const [second] = sample(30, [session(36)]);
    expect(second).toMatchObject({
      eventId: first!.eventId,
      startedAtMs: first!.startedAtMs,
      version: 2,
      state: 'open',
    });
    expect(second!.durationMs).toBe(36_000);
  });

  test('is the same one while a quiet thread of the proxy is behind with its clock', () => {
    const recorded = [
      [0.007, 0],
      [1.013, 0],
      [4.019, 4.004],
      [8.026, 8.007],
      [8.032, 8.025],
    ] as const;
    const records = recorded.flatMap(([s, transactionS]) => sample(s, [session(transactionS)]));
    expect(summary(records)).toEqual([['open', 1, 8_011]]);
    expect(summary(sample(9, [session(undefined)]))).toEqual([['closed', 2, 8_509]]);
  });

  test('of a session that goes on to the next one is closed when that begins', () => {
    sample(0, [session(20)]);
    const [closed, ...others] = sample(6, [session(1)]);
    expect(others).toEqual([]);
    expect(summary([closed!])).toEqual([['closed', 2, 22_500]]);
    expect(summary(sample(10, [session(5)]))).toEqual([['open', 1, 5_000]]);
  });

  test('does not slip through where one window ends and the next begins', () => {
    sample(0, [session(3.4)]);
    expect(summary(sample(7, []))).toEqual([['closed', 1, 6_800]]);
  });

  test('that nobody saw the end of for an hour is not taken to have lasted for an hour', () => {
    sample(0, [session(20)]);
    expect(summary(sample(3_600, [session(undefined)]))).toEqual([['closed', 2, 30_000]]);
  });
});

describe('a short transaction', () => {
  test('is none of our business', () => {
    for (let s = 0; s < 60; s += 2) expect(sample(s, [session(1.5)])).toEqual([]);
    expect(seen.state.open).toEqual([]);
  });

  test('that was seen just before nobody looked for a while does not grow long', () => {
    sample(0, [session(0.2)]);
    expect(sample(9, [])).toEqual([]);
  });

  test('followed by another is not one long one', () => {
    sample(0, [session(4.9)]);
    expect(sample(2, [session(1.9)])).toEqual([]);
    expect(sample(4, [session(3.9)])).toEqual([]);
    expect(sample(6, [session(1)])).toEqual([]);
  });
});

describe('open transactions', () => {
  test('are closed when the proxy has restarted, no later than it did', () => {
    sample(0, [session(20)]);
    expect(summary(sample(60, [session(20)], { uptimeS: 56 }))).toEqual([
      ['closed', 2, 22_000],
      ['open', 1, 20_000],
    ]);
  });

  test('are closed when it has restarted although it is up for longer than before', () => {
    sample(0, [session(20)], { uptimeS: 60 });
    const [closed] = sample(3_600, [], { uptimeS: 100 });
    expect(closed!.state).toBe('closed');
  });

  test('stay open while samples tell nothing of transactions, or not of all', () => {
    sample(0, [session(20)]);
    expect(sample(2, [session(undefined)], { tellsTransactions: false })).toEqual([]);
    expect(sample(4, [session(30, { sessionId: '8' })], { isCut: true })).toMatchObject([{ sessionId: '8' }]);
    expect(sample(6, [session(26), session(32, { sessionId: '8' })])).toEqual([]);
    expect(sample(8, [session(undefined, { sessionId: '9' })], { isCut: true })).toHaveLength(2);
  });

  test('are the same ones when our clock is set', () => {
    const [opened] = sample(0, [session(20)]);
    const told = { uptimeS: 3_602, proxyNowS: T0 / 1_000 + 2 };
    expect(observe(602_000, told, [session(22)])).toMatchObject([]);
    const [closed] = observe(604_000, { uptimeS: 3_604, proxyNowS: T0 / 1_000 + 4 }, []);
    expect(closed).toMatchObject({ eventId: opened!.eventId, startedAtMs: opened!.startedAtMs, durationMs: 23_000 });
  });

  test('are followed up to a bound, the longest first', () => {
    const sessions = Array.from({ length: 10_000 }, (_, i) => session(3 + i / 10_000, { sessionId: `${i}` }));
    sample(0, sessions);
    expect(seen.leftOut).toBe(10_000 - MAX_OPEN);
    expect(seen.state.open.every(({ startMs }) => startMs <= T0 - 3_900)).toBe(true);
  });

  test('are told as far as there is room, and those that were told are closed in any case', () => {
    const told = { uptimeS: 3_600, proxyNowS: T0 / 1_000 };
    const sessions = ['1', '2', '3'].map((sessionId) => session(6, { sessionId }));
    expect(observe(0, told, sessions, { ...OPTIONS, room: 2 })).toHaveLength(2);
    expect(observe(1_000, { ...told, uptimeS: 3_601 }, [], { ...OPTIONS, room: 0 })).toHaveLength(2);
    expect(seen.untold).toBe(1);
  });
});
