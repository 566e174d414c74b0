import { readFileSync } from 'node:fs';
import type { SQLInputValue } from 'node:sqlite';
import { describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '../../../../../../layers/core/src/domain/errors.ts';
import {
  createProcesslistReader,
  parseProcesslist,
  processlistStatement,
  SESSIONS_LIMIT,
} from '../../../../../../layers/core/src/drivers/proxysql/processlist.ts';
import { openSqliteStats } from '../../../../../support/sqlite-stats.ts';

type Session = Readonly<Record<string, SQLInputValue>>;

const RECORDED: Readonly<Record<'extended=0' | 'extended=1' | 'extended=2', readonly Session[]>> = JSON.parse(
  readFileSync(new URL('../../../../../contract/recordings/lab-traffic/processlists.json', import.meta.url), 'utf8'),
);

async function read(sessions: readonly Session[]) {
  const stats = openSqliteStats();
  stats.insert('stats_mysql_processlist', ...sessions);
  return createProcesslistReader()(stats.query);
}

/** A session as the table has it, with as much JSON as matters. */
function session(id: number, fields: Session = {}, extended?: unknown): Session {
  const known = {
    ThreadID: 0,
    SessionID: id,
    user: 'app',
    db: 'shop',
    cli_host: '10.0.0.9',
    cli_port: 1,
    hostgroup: 10,
  };
  const text = extended === undefined || typeof extended === 'string' ? extended : JSON.stringify(extended);
  return { ...known, command: 'Sleep', time_ms: 0, ...fields, ...(text !== undefined && { extended_info: text }) };
}

const withStatus = (...states: (number | undefined)[]) =>
  states.map((server_status) => ({ conn: { mysql: { ...(server_status !== undefined && { server_status }) } } }));

describe('a processlist', () => {
  test('of a recorded proxy tells transactions from statements that merely run', async () => {
    const { sessions, tellsTransactions, isCut, uptimeS } = await read(RECORDED['extended=1']);
    expect({ tellsTransactions, isCut, uptimeS }).toEqual({ tellsTransactions: true, isCut: false, uptimeS: 62 });
    const common = { schema: 'shop', clientAddress: '127.0.0.1', server: '127.0.0.1:3306', isStatementCut: false };
    expect(sessions).toEqual([
      {
        ...common,
        sessionId: '252',
        user: 'app_rw',
        hostgroup: '10',
        command: 'Sleep',
        timeMs: 8008,
        transactionUs: 8_009_477,
      },
      {
        ...common,
        sessionId: '254',
        user: 'app_rw',
        hostgroup: '10',
        command: 'Sleep',
        timeMs: 8006,
        transactionUs: 8_007_111,
      },
      {
        ...common,
        sessionId: '253',
        user: 'batch',
        schema: 'analytics',
        hostgroup: '20',
        command: 'Query',
        timeMs: 8007,
        statement: 'SELECT SLEEP(12)',
      },
    ]);
  });

  test('reads the JSON in its indented form too', async () => {
    const { sessions } = await read(RECORDED['extended=2']);
    expect(sessions.map(({ sessionId, transactionUs }) => [sessionId, transactionUs])).toEqual([
      ['252', 10_010_207],
      ['254', 10_007_841],
      ['253', undefined],
    ]);
  });

  test('of a proxy that does not extend it tells nothing of transactions', async () => {
    const { sessions, tellsTransactions } = await read(RECORDED['extended=0']);
    expect(tellsTransactions).toBe(false);
    expect(sessions).toHaveLength(3);
    expect(sessions.every(({ transactionUs }) => transactionUs === undefined)).toBe(true);
  });

  test('without a session tells all there is: nobody is in a transaction', async () => {
    expect(await read([])).toMatchObject({ sessions: [], tellsTransactions: true, isCut: false });
  });

  const active = { active_transactions: 1, transaction_time_ms: 3_526_000, age_ms: 9_000 };
  test.each([
    ['asleep after a statement in its transaction', {}, { ...active, backends: withStatus(3) }, 3_526_000],
    [
      'of whose hostgroups one is in the transaction',
      {},
      { ...active, backends: withStatus(2, undefined, 3) },
      3_526_000,
    ],
    ['in a transaction of autocommit=0', {}, { ...active, autocommit: false, backends: withStatus(1) }, 3_526_000],
    ['active and asleep, without a back end to ask', {}, { ...active, backends: [] }, 3_526_000],
    ['active and asleep, without any word of back ends', {}, active, 3_526_000],
    ['whose transaction just began', {}, { ...active, transaction_time_ms: 0, backends: withStatus(3) }, 0],
    [
      'whose clock was not set yet',
      {},
      { ...active, transaction_time_ms: 1_709_808_000_000, backends: withStatus(3) },
      0,
    ],
    ['without its age', {}, { active_transactions: 1, transaction_time_ms: 7, backends: withStatus(3) }, 7],
    ['whose time is below zero', {}, { ...active, transaction_time_ms: -5, backends: withStatus(3) }, 0],
    ['that runs a plain statement', { command: 'Query' }, { ...active, backends: withStatus(34) }, undefined],
    ['that waits for a back end', { command: 'Query' }, { ...active, backends: [] }, undefined],
    ['whose last statement failed outside of a transaction', {}, { ...active, backends: withStatus(2) }, undefined],
    ['in no transaction', {}, { ...active, active_transactions: 0, backends: withStatus(2) }, undefined],
    ['with broken JSON', {}, '{"active_transactions": 1, "backends', undefined],
    ['with an empty text', {}, '', undefined],
    ['with JSON that is no object', {}, '[1]', undefined],
    ['with back ends that are none', {}, { ...active, backends: ['{', 5, null] }, 3_526_000],
  ])('of a session %s has its transaction right', async (_case, fields, extended, transactionUs) => {
    const { sessions, tellsTransactions } = await read([session(1, fields, extended)]);
    expect(tellsTransactions).toBe(true);
    expect(sessions).toHaveLength(1);
    expect(sessions[0]?.transactionUs).toBe(transactionUs);
  });

  test('shows the longest transactions first, then the longest statements, and leaves sleepers out', async () => {
    const inTransaction = (us: number) => ({ ...active, transaction_time_ms: us, backends: withStatus(3) });
    const sleepers = Array.from({ length: SESSIONS_LIMIT }, (_, i) => session(1_000 + i, { time_ms: 90_000 }));
    const { sessions, isCut } = await read([
      ...sleepers,
      session(1, { command: 'Query', info: 'SELECT 1', time_ms: 5 }),
      session(2, {}, inTransaction(1_000)),
      session(3, { command: 'Query', info: 'SELECT 2', time_ms: 700 }),
      session(4, { command: 'Query', info: 'UPDATE t', time_ms: 1 }, inTransaction(2_000)),
    ]);
    expect(sessions.slice(0, 5).map(({ sessionId }) => sessionId)).toEqual(['4', '2', '3', '1', '1000']);
    expect(sessions).toHaveLength(SESSIONS_LIMIT);
    expect(isCut).toBe(true);
  });

  test('cuts a huge statement in the proxy, by characters', async () => {
    const { sessions } = await read([
      session(1, { info: '😀'.repeat(4_096), time_ms: 2 }),
      session(2, { info: '😀'.repeat(300_000), time_ms: 1 }),
      session(3, { info: `SELECT '\0${'x'.repeat(20_000)}'` }),
    ]);
    expect(sessions.map(({ statement = '', isStatementCut }) => [[...statement].length, isStatementCut])).toEqual([
      [4_096, false],
      [4_096, true],
      [4_096, true],
    ]);
  });

  test('survives names and statements that are no UTF-8', () => {
    const head = row('head', '1795342108', '62', '1', '0');
    const sleeping = row('session', '1', 'app', 'shop', 'h', '10', null, null, 'Query', '0', 'SELECT', null);
    const answer = [head, sleeping.with(2, Buffer.from('a\xffb', 'latin1')).with(10, Buffer.from('S\xff1', 'latin1'))];
    expect(parseProcesslist(answer, true).sessions).toMatchObject([{ user: 'a\ufffdb', statement: 'S\ufffd1' }]);
  });

  test('shows sessions without a back end, and of sockets their path', async () => {
    const { sessions } = await read([
      session(1, { hostgroup: -1, time_ms: -3 }),
      session(2, { srv_host: '/run/mysqld.sock', srv_port: 0, time_ms: -4 }),
    ]);
    expect(sessions).toMatchObject([
      { hostgroup: '-1', timeMs: 0, clientAddress: '10.0.0.9' },
      { server: '/run/mysqld.sock' },
    ]);
    expect(sessions[0]).not.toHaveProperty('server');
    expect(sessions[0]).not.toHaveProperty('statement');
  });

  test('comes without transactions where SQLite knows no JSON, which is found out once', async () => {
    const stats = openSqliteStats();
    stats.insert('stats_mysql_processlist', session(1, {}, { ...active, backends: withStatus(3) }));
    const query = async (statement: string) => {
      if (!statement.includes('json_')) return stats.query(statement);
      throw new ProxywatchError('PROXY_STATEMENT', 'ProxySQL Admin Error: no such function: json_valid');
    };
    const reader = createProcesslistReader();
    expect(await reader(query)).toMatchObject({ tellsTransactions: false, sessions: [{ sessionId: '1' }] });
    expect(await reader(query)).toMatchObject({ tellsTransactions: false, sessions: [{ sessionId: '1' }] });
    expect(stats.statements).toEqual([processlistStatement(false), processlistStatement(false)]);
  });

  test('is one statement each time after the first', async () => {
    const stats = openSqliteStats();
    const reader = createProcesslistReader();
    await reader(stats.query);
    await reader(stats.query);
    expect(stats.statements.slice(1)).toEqual([processlistStatement(true), processlistStatement(true)]);
  });

  const row = (...cells: (string | null)[]) => cells.map((cell) => (cell === null ? null : Buffer.from(cell)));
  test.each([
    ['no rows', [], 'no head'],
    ['a head without a clock', [row('head', null, '1', '0', '0')], 'now is no exact whole number'],
    ['a row of no part', [row('surprise')], 'a row of the processlist is of "surprise"'],
    [
      'missing columns',
      [row('head', '5', '1', '1', '0'), row('session', '1', 'app')],
      'time_ms is no exact whole number',
    ],
  ])('is refused with %s', (_case, answer, message) => {
    expect(() => parseProcesslist(answer, true)).toThrow(message);
  });
});
