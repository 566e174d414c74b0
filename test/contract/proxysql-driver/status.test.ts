import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openSession } from '../../support/proxysql-session.ts';
import { type StatsAdmin, startStatsAdmin } from '../../support/stats-admin.ts';

let admin: StatsAdmin;

beforeEach(async () => {
  admin = await startStatsAdmin({ version: '9.9.9-unheard-of' });
});
afterEach(() => admin.close());

const CREDENTIALS = [
  { user: 'stats', password: 'stats' },
  { user: 'admin', password: 'admin' },
];

describe.each(CREDENTIALS)('with the credentials of $user', (credential) => {
  test('any version is accepted, and what it has is found out', async () => {
    const session = await openSession(admin.port, { credential });
    expect(session.capabilities).toMatchObject({
      version: '9.9.9-unheard-of',
      digests: true,
      commandCounters: true,
      errors: true,
      backends: true,
      users: true,
      queryEvents: false,
      reasons: { queryEvents: expect.stringContaining('no such table') },
    });
    await session.close();
  });

  test('the status has every part', async () => {
    const lastError = 'Duplicate entry \'😀\\\' for key "PRIMARY"';
    const error = [10, '127.0.0.1', 3306, 'app', '10.0.0.9', 'crm', 1062, 74, 1_795_342_093, 1_795_342_108, lastError];
    const backend = [10, '127.0.0.1', 3306, 'ONLINE', 8, 1, 9, 282, 10, 2130, 0, 117_095, 792, 165];
    admin.set('stats_mysql_global', () => [
      ['ProxySQL_Uptime', '62'],
      ['Active_Transactions', '6'],
      ['Client_Connections_connected', '13'],
      ['Questions', '4'],
      ['Slow_queries', '2'],
    ]);
    admin.set('stats_mysql_connection_pool', () => [backend]);
    admin.set('stats_mysql_commands_counters', () => [
      ['BEGIN', 625, 2, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      ['ALTER_TABLE', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ]);
    admin.set('stats_mysql_errors', () => [error]);
    admin.set('stats_mysql_users', () => [['ghost', 3, 10_000]]);
    const session = await openSession(admin.port, { credential });
    const status = await session.fetchStatus();
    expect(status).toMatchObject({
      version: '9.9.9-unheard-of',
      uptimeS: 62,
      clientConnections: 13,
      activeTransactions: 6,
      slowQueries: 2,
      backends: [{ hostgroup: '10', host: '127.0.0.1', port: 3306, status: 'ONLINE', queries: 2130, latencyUs: 165 }],
      commands: [{ command: 'BEGIN', count: 2, totalTimeUs: 625, buckets: [1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0] }],
      errors: [{ errno: 1062, count: 74, lastError }],
      users: [{ user: 'ghost', connections: 3, maxConnections: 10_000 }],
    });
    expect(Math.abs(status.proxyNowS - Date.now() / 1_000)).toBeLessThan(60);
    expect(status.truncated).toBeUndefined();
    await session.close();
  });

  test('a table of errors beyond all bounds is cut, the most frequent ones kept, and said to be', async () => {
    admin.set('stats_mysql_errors', function* () {
      for (let i = 0; i < 10_500; i++) yield [10, 'h', 3306, `u${i}`, '', 'crm', 1062, i, 1, 2, 'x'.repeat(600)];
    });
    const session = await openSession(admin.port, { credential });
    const { errors, truncated } = await session.fetchStatus();
    expect(errors).toHaveLength(10_000);
    expect(errors[0]).toMatchObject({ user: 'u10499', lastError: 'x'.repeat(512) });
    expect(truncated).toEqual(['errors']);
    await session.close();
  });
});
