import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Row } from '../../../infra/local/lab/contract.ts';
import { DUMP } from '../../../layers/core/src/drivers/proxysql/query-events.ts';
import { type Answer, type FakeAdmin, healthyAnswers, startFakeAdmin } from '../../support/fake-admin.ts';
import { openSession } from '../../support/proxysql-session.ts';
import { digestOf, digestRow, type StatsAdmin, startStatsAdmin } from '../../support/stats-admin.ts';

const recording = (name: string) => readFileSync(new URL(`../recordings/${name}`, import.meta.url), 'utf8');
const PROCESSLISTS = JSON.parse(recording('lab-traffic/processlists.json')) as Readonly<
  Record<'extended=0' | 'extended=1', readonly Readonly<Record<string, string | null>>[]>
>;
const CREDENTIALS = [
  { user: 'stats', password: 'stats' },
  { user: 'admin', password: 'admin' },
];

let admin: StatsAdmin;
beforeEach(async () => {
  admin = await startStatsAdmin({ uptimeS: 500 });
});
afterEach(() => admin.close());

describe.each(CREDENTIALS)('with the credentials of $user', (credential) => {
  test('a recorded processlist has its two transactions', async () => {
    admin.set('stats_mysql_processlist', () => PROCESSLISTS['extended=1'].map((row): Row => Object.values(row)));
    const session = await openSession(admin.port, { credential });
    const { sessions, ...list } = await session.fetchProcesslist();
    expect(list).toMatchObject({ uptimeS: 500, tellsTransactions: true, isCut: false });
    expect(sessions.map(({ sessionId, user, transactionUs }) => [sessionId, user, transactionUs])).toEqual([
      ['252', 'app_rw', 8_009_477],
      ['254', 'app_rw', 8_007_111],
      ['253', 'batch', undefined],
    ]);
    await session.close();
  });

  test('a processlist that is not extended tells nothing of transactions', async () => {
    admin.set('stats_mysql_processlist', () => PROCESSLISTS['extended=0'].map((row): Row => Object.values(row)));
    const session = await openSession(admin.port, { credential });
    expect(await session.fetchProcesslist()).toMatchObject({ tellsTransactions: false, sessions: { length: 3 } });
    await session.close();
  });

  test('10,000 sessions with their JSON stay a small answer', async () => {
    const [recorded] = PROCESSLISTS['extended=1'];
    admin.set('stats_mysql_processlist', function* () {
      for (let id = 0; id < 10_000; id++) yield Object.values({ ...recorded, SessionID: String(id) });
    });
    const session = await openSession(admin.port, { credential });
    expect(await session.fetchProcesslist()).toMatchObject({ isCut: true, sessions: { length: 1_000 } });
    await session.close();
  });

  test('extremes of digests ride along in the same statement, and only when they are asked for', async () => {
    admin.set('stats_mysql_query_digest', () => [digestRow({ digest: digestOf(1), timeUs: 640 })]);
    const session = await openSession(admin.port, { credential });
    const plain = await session.fetchDigests({});
    expect(plain.rows[0]).not.toHaveProperty('maxTimeUs');
    const rebuilds = admin.rebuilds('stats_mysql_query_digest');
    for (const request of [{}, { sinceUptimeS: 490 }]) {
      const { rows } = await session.fetchDigests({ ...request, withExtremes: true });
      expect(rows).toMatchObject([{ minTimeUs: 1, maxTimeUs: 640, counters: { timeUs: 640 } }]);
    }
    expect(admin.rebuilds('stats_mysql_query_digest')).toBe(rebuilds + 2);
    await session.close();
  });
});

describe('the state', () => {
  test('of an administrator has the checksums, that of the statistics user lacks them', async () => {
    const [stats, full] = await Promise.all(CREDENTIALS.map((credential) => openSession(admin.port, { credential })));
    const message = ['10002', 'MySQL_Session.cpp', 7056, 'qpo', 8, 1_795_342_224, 1_795_342_230];
    admin.set('stats_proxysql_message_metrics', () => [message]);
    admin.set('stats_mysql_connection_pool', () => [[10, 'db', 3306, 'SHUNNED', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]);
    const seen = await stats?.fetchState();
    expect(seen).toEqual({
      uptimeS: 500,
      proxyNowS: expect.any(Number),
      servers: [{ hostgroup: '10', host: 'db', port: 3306, status: 'SHUNNED' }],
      messages: [
        {
          messageId: '10002',
          filename: 'MySQL_Session.cpp',
          line: 7056,
          func: 'qpo',
          count: 8,
          firstSeenS: 1_795_342_224,
          lastSeenS: 1_795_342_230,
        },
      ],
      clusterPeers: [],
    });
    const { checksums = [] } = (await full?.fetchState()) ?? {};
    expect(checksums.map(({ name }) => name)).toContain('mysql_query_rules');
    await Promise.all([stats?.close(), full?.close()]);
  });
});

describe('what a proxy may lack', () => {
  let fake: FakeAdmin;
  afterEach(() => fake.close());

  const METRICS = recording('lab-admin/show-prometheus-metrics.prom');
  const answering = (answers: Answer): Answer => {
    const healthy = healthyAnswers();
    return (statement, exchange) => {
      if (/PROMETHEUS|Access_Denied|EVENTSLOG|query_events WHERE id/.test(statement)) answers(statement, exchange);
      else healthy(statement, exchange);
    };
  };

  test('totals of errors come from the recorded metrics', async () => {
    fake = await startFakeAdmin({
      answer: answering((statement, exchange) => {
        if (statement.startsWith('SHOW')) exchange.rows(['Data'], [[METRICS]]);
        else exchange.rows(['now', 'uptime', 'variable_value'], [['1795342108', '62', '7']]);
      }),
    });
    const session = await openSession(fake.port);
    const { byServer, ...totals } = await session.fetchErrorTotals();
    expect(totals).toEqual({ uptimeS: 62, proxyNowS: 1_795_342_108, accessDenied: 7 });
    expect(byServer).toContainEqual({ hostgroup: '20', server: '127.0.0.1:3306', errno: 1146, count: 83 });
    await session.close();
  });

  test('totals of errors that are refused are unsupported, once and for all, and the session goes on', async () => {
    const reason = 'ProxySQL Admin Error: near "SHOW": syntax error';
    fake = await startFakeAdmin({ answer: answering((_statement, exchange) => exchange.error(reason)) });
    const session = await openSession(fake.port);
    expect(session.capabilities.errorTotals).toBe(true);
    for (let i = 0; i < 2; i++) {
      await expect(session.fetchErrorTotals()).rejects.toMatchObject({
        code: 'PROXY_UNSUPPORTED',
        message: expect.stringContaining(reason),
      });
    }
    expect(session.capabilities).toMatchObject({ errorTotals: false, digests: true });
    expect(fake.statements.filter((statement) => statement.startsWith('SHOW'))).toHaveLength(1);
    expect(session.closed).toBe(false);
    expect(await session.fetchStatus()).toMatchObject({ uptimeS: 62 });
    await session.close();
  });

  test('totals of errors that are no metrics close the session', async () => {
    const broken = 'mysql_error_total{address="127.0.0.1",code="10';
    fake = await startFakeAdmin({ answer: answering((_statement, exchange) => exchange.rows(['Data'], [[broken]])) });
    const session = await openSession(fake.port);
    await expect(session.fetchErrorTotals()).rejects.toMatchObject({ code: 'PROXY_PROTOCOL' });
    expect(session.closed).toBe(true);
  });

  test('query events are dumped by one command and read by one statement', async () => {
    const event = ['event', '5', '1795341224132509', '1500225', 'app', 'shop', '0x9BBCC31A86C3BD7C', "SELECT 'é'"];
    fake = await startFakeAdmin({
      answer: answering((statement, exchange) => {
        if (statement === DUMP) return exchange.ok();
        const columns = Array.from({ length: 14 }, (_, i) => `c${i}`);
        const fill = (cells: readonly (string | null)[]) => columns.map((_, i) => cells[i] ?? null);
        exchange.rows(columns, [
          fill(['head', '1795342108', '62', '4', '10', '10', '5', '8']),
          fill([...event, '127.0.0.1:3306', '10.0.0.9:5', '20', '1', '0', '0']),
        ]);
      }),
    });
    const session = await openSession(fake.port);
    expect(session.capabilities.queryEvents).toBe(true);
    expect(await session.fetchQueryEvents({ afterId: 4, limit: 100, minDurationUs: 1_000 })).toMatchObject({
      events: [{ id: 5, query: "SELECT 'é'", durationUs: 1_500_225, hostgroup: '20' }],
      ids: { oldest: 5, newest: 8 },
      droppedSinceStart: 4,
      isCut: false,
    });
    expect(fake.statements.slice(-2)).toEqual([DUMP, expect.stringContaining('>=1000 ORDER BY id LIMIT 101')]);
    await session.close();
  });

  test('query events are unsupported where dumping is refused, in the words of the proxy', async () => {
    const reason = 'ProxySQL Admin Error: near "DUMP": syntax error';
    fake = await startFakeAdmin({ answer: answering((_statement, exchange) => exchange.error(reason)) });
    const session = await openSession(fake.port);
    await expect(session.fetchQueryEvents({ afterId: 0, limit: 10, minDurationUs: 0 })).rejects.toMatchObject({
      code: 'PROXY_UNSUPPORTED',
      message: expect.stringContaining(reason),
    });
    expect(session.capabilities).toMatchObject({ queryEvents: false, reasons: { queryEvents: expect.any(String) } });
    expect(session.closed).toBe(false);
    await session.close();
  });

  test('a proxy without the ring is not asked for it', async () => {
    fake = await startFakeAdmin({ answer: healthyAnswers({ missing: ['stats_mysql_query_events'] }) });
    const session = await openSession(fake.port);
    const asked = fake.statements.length;
    await expect(session.fetchQueryEvents({ afterId: 0, limit: 10, minDurationUs: 0 })).rejects.toMatchObject({
      code: 'PROXY_UNSUPPORTED',
    });
    expect(fake.statements).toHaveLength(asked);
    await session.close();
  });

  test('rows where a command answers none close the session', async () => {
    fake = await startFakeAdmin({ answer: answering((_statement, exchange) => exchange.rows(['c'], [['1']])) });
    const session = await openSession(fake.port);
    await expect(session.fetchQueryEvents({ afterId: 0, limit: 10, minDurationUs: 0 })).rejects.toMatchObject({
      code: 'PROXY_PROTOCOL',
    });
    expect(session.closed).toBe(true);
  });
});

describe('a lab proxy', () => {
  test('has no ring of query events and says so', async () => {
    const session = await openSession(admin.port);
    await expect(session.fetchQueryEvents({ afterId: 0, limit: 10, minDurationUs: 0 })).rejects.toMatchObject({
      code: 'PROXY_UNSUPPORTED',
      message: expect.stringContaining('no such table: stats_mysql_query_events'),
    });
    await session.close();
  });

  test('without traffic has no errors', async () => {
    admin.set('stats_mysql_global', () => [
      ['ProxySQL_Uptime', '500'],
      ['Access_Denied_Wrong_Password', '2'],
    ]);
    const session = await openSession(admin.port);
    expect(await session.fetchErrorTotals()).toMatchObject({ byServer: [], accessDenied: 2, uptimeS: 500 });
    await session.close();
  });
});
