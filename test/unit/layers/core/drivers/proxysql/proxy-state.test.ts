import { describe, expect, test } from '@jest/globals';
import { createStateReader, parseState } from '../../../../../../layers/core/src/drivers/proxysql/proxy-state.ts';
import { openSqliteStats, type SqliteStats } from '../../../../../support/sqlite-stats.ts';

const ITSELF = { host: '10.0.0.1', port: 6032 };
const CHECKSUMS = 'CREATE TABLE runtime_checksums_values (name VARCHAR, version INT, epoch INT, checksum VARCHAR)';
const CLUSTER_CHECKSUMS = `CREATE TABLE IF NOT EXISTS stats_proxysql_servers_checksums (hostname VARCHAR, port INT, name VARCHAR,
  version INT, epoch INT, checksum VARCHAR, changed_at INT, updated_at INT, diff_check INT)`;
const CLUSTER_METRICS = `CREATE TABLE IF NOT EXISTS stats_proxysql_servers_metrics (hostname VARCHAR, port INT, weight INT, comment VARCHAR,
  response_time_ms INT, Uptime_s INT, last_check_ms INT, Queries INT, Client_Connections_connected INT, Client_Connections_created INT)`;

/** A proxy that has every table, seen by its statistics user. */
function openProxy(): SqliteStats {
  const stats = openSqliteStats(500);
  stats.db.exec(CLUSTER_CHECKSUMS);
  stats.db.exec(CLUSTER_METRICS);
  const counters = {
    ConnUsed: 0,
    ConnFree: 0,
    ConnOK: 0,
    ConnERR: 0,
    Queries: 0,
    Bytes_data_sent: 0,
    Bytes_data_recv: 0,
  };
  const server = { srv_port: 3306, status: 'ONLINE', ...counters, MaxConnUsed: 0, Queries_GTID_sync: 0, Latency_us: 1 };
  stats.insert(
    'stats_mysql_connection_pool',
    { hostgroup: 10, srv_host: 'db1', ...server },
    { hostgroup: 20, srv_host: 'db1', ...server },
    { hostgroup: 20, srv_host: 'db2', ...server, status: 'SHUNNED' },
  );
  return stats;
}

const lag = (stats: SqliteStats, host: string, at: number, repl_lag: number | null, error: string | null = null) =>
  stats.insert('monitor.mysql_server_replication_lag_log', {
    hostname: host,
    port: 3306,
    time_start_us: 1_795_342_000_000_000 + at,
    success_time_us: 1,
    repl_lag,
    error,
  });

const checksum = (host: string, name: string, value = '0xC5FCB1F14047C043') => ({
  hostname: host,
  port: 6032,
  name,
  version: 2,
  epoch: 1_795_342_066,
  checksum: value,
  changed_at: 1,
  updated_at: 1,
  diff_check: 0,
});

describe('the state of a proxy', () => {
  test('shows every server with the latest lag that the monitor measured', async () => {
    const stats = openProxy();
    lag(stats, 'db1', 1, 90);
    lag(stats, 'db1', 2, 4);
    lag(stats, 'db2', 1, 7);
    lag(stats, 'db2', 2, null, 'timeout');
    const { servers, uptimeS } = await createStateReader(ITSELF)(stats.query);
    expect(uptimeS).toBe(500);
    expect(servers).toEqual([
      { hostgroup: '10', host: 'db1', port: 3306, status: 'ONLINE', lagS: 4 },
      { hostgroup: '20', host: 'db1', port: 3306, status: 'ONLINE', lagS: 4 },
      { hostgroup: '20', host: 'db2', port: 3306, status: 'SHUNNED' },
    ]);
  });

  test('has the checksums of the configuration that runs, where the credential may see them', async () => {
    const stats = openProxy();
    stats.db.exec(CHECKSUMS);
    const {
      hostname: _host,
      port: _port,
      changed_at: _at,
      updated_at: _seen,
      diff_check: _diff,
      ...row
    } = checksum('', 'mysql_users');
    stats.insert('runtime_checksums_values', row);
    stats.insert('stats_proxysql_servers_checksums', checksum('10.0.0.1', 'admin_variables'));
    const { checksums } = await createStateReader(ITSELF)(stats.query);
    expect(checksums).toEqual([
      { name: 'mysql_users', version: 2, epochS: 1_795_342_066, checksum: '0xC5FCB1F14047C043' },
    ]);
  });

  test('else what the cluster of the proxy says of the proxy itself', async () => {
    const stats = openProxy();
    stats.insert(
      'stats_proxysql_servers_checksums',
      checksum('10.0.0.1', 'mysql_users'),
      checksum('10.0.0.1', 'mysql_servers', ''),
      checksum('10.0.0.2', 'mysql_users', '0xA10E1EFA4ADD69F2'),
    );
    const { checksums } = await createStateReader(ITSELF)(stats.query);
    expect(checksums).toEqual([
      { name: 'mysql_users', version: 2, epochS: 1_795_342_066, checksum: '0xC5FCB1F14047C043' },
    ]);
  });

  test('has no checksums where the cluster knows the proxy by another name', async () => {
    const stats = openProxy();
    stats.insert('stats_proxysql_servers_checksums', checksum('10.0.0.2', 'mysql_users'));
    expect(await createStateReader(ITSELF)(stats.query)).not.toHaveProperty('checksums');
  });

  test('shows logged messages and cluster peers, itself left out', async () => {
    const stats = openProxy();
    const message = { message_id: '10002', filename: 'MySQL_Session.cpp', line: 7056, func: 'qpo' };
    stats.insert('stats_proxysql_message_metrics', { ...message, count_star: 8, first_seen: 5, last_seen: 6 });
    const node = {
      weight: 0,
      comment: '',
      response_time_ms: 3,
      Queries: 1,
      Client_Connections_connected: 0,
      Client_Connections_created: 1,
    };
    stats.insert(
      'stats_proxysql_servers_metrics',
      { hostname: '10.0.0.1', port: 6032, Uptime_s: 60, last_check_ms: 2_547, ...node },
      { hostname: '10.0.0.2', port: 6032, Uptime_s: 41, last_check_ms: 2_575, ...node },
      { hostname: '10.0.0.3', port: 6032, Uptime_s: 41, last_check_ms: 95_000, ...node },
      { hostname: '10.0.0.4', port: 6032, Uptime_s: 0, last_check_ms: 1_709_815_000, ...node },
    );
    const { messages, clusterPeers } = await createStateReader(ITSELF)(stats.query);
    expect(messages).toEqual([
      {
        messageId: '10002',
        filename: 'MySQL_Session.cpp',
        line: 7056,
        func: 'qpo',
        count: 8,
        firstSeenS: 5,
        lastSeenS: 6,
      },
    ]);
    expect(clusterPeers).toEqual([
      { host: '10.0.0.2', port: 6032, isAnswering: true },
      { host: '10.0.0.3', port: 6032, isAnswering: false },
      { host: '10.0.0.4', port: 6032, isAnswering: false },
    ]);
  });

  test('lacks what the credential may not see, without an error', async () => {
    const stats = openProxy();
    for (const table of [
      'stats_mysql_connection_pool',
      'stats_proxysql_message_metrics',
      'stats_proxysql_servers_metrics',
    ]) {
      stats.db.exec(`DROP TABLE ${table}`);
    }
    stats.db.exec('DROP TABLE stats_proxysql_servers_checksums');
    expect(await createStateReader(ITSELF)(stats.query)).toEqual({ uptimeS: 500, proxyNowS: expect.any(Number) });
  });

  test('is one statement each time after the first', async () => {
    const stats = openProxy();
    const reader = createStateReader(ITSELF);
    await reader(stats.query);
    const asked = stats.statements.length;
    await reader(stats.query);
    await reader(stats.query);
    expect(stats.statements).toHaveLength(asked + 2);
  });

  test('goes on when the tables of the monitor go away', async () => {
    const stats = openProxy();
    lag(stats, 'db1', 1, 90);
    const reader = createStateReader(ITSELF);
    await reader(stats.query);
    stats.db.exec('DROP TABLE monitor.mysql_server_replication_lag_log');
    expect((await reader(stats.query)).servers?.[0]).toEqual({
      hostgroup: '10',
      host: 'db1',
      port: 3306,
      status: 'ONLINE',
    });
  });

  test('finds its own name quoted, whatever it holds', async () => {
    const stats = openProxy();
    stats.insert('stats_proxysql_servers_checksums', checksum("o'host", 'mysql_users'));
    const { checksums } = await createStateReader({ host: "o'host", port: 6032 })(stats.query);
    expect(checksums).toHaveLength(1);
  });

  const row = (...cells: string[]) => cells.map((cell) => Buffer.from(cell));
  test.each([
    ['no head', [], 'no head of the state'],
    ['a port that is none', [row('head', '1', '1'), row('servers', '1', 'h', 'x', 'ONLINE')], 'srv_port'],
    ['a row of no part', [row('head', '1', '1'), row('surprise')], 'a row of the state is of "surprise"'],
  ])('is refused with %s', (_case, answer, message) => {
    expect(() => parseState(answer, new Set(['servers']))).toThrow(message);
  });
});
