import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import type { Row } from '../../../infra/local/lab/contract.ts';
import { answer, type Lab, startLab } from './lab.ts';
import { DIGEST_STATEMENTS, ESCAPING, SERVERS_LIVE } from './recordings.ts';
import { compare, replay } from './replay.ts';

const COUNT = 'SELECT COUNT(*) n FROM stats_mysql_query_digest';
const digest = (name: string): Row => [20, 'shop', 'app_rw', '', name, `SELECT ${name}`, 5, 1, 2, 720, 104, 192, 0, 5];

describe('statistics are read and reset as recorded', () => {
  let lab: Lab;
  let client: Connection;
  beforeAll(async () => {
    lab = await startLab();
    client = await lab.connect();
  });
  afterAll(() => lab.close());

  const count = async (sql = COUNT): Promise<string | null | undefined> => (await answer(client, sql)).rows?.[0]?.[0];
  const executed = (...names: string[]): unknown => lab.stats.tables.set('stats_mysql_query_digest', names.map(digest));
  const recordedStep = (step: string) => {
    const found = DIGEST_STATEMENTS.find((statement) => statement.step === step);
    if (found === undefined) throw new Error(`no recorded step ${step}`);
    return found;
  };
  const replayStep = async (step: string): Promise<void> => {
    const recorded = recordedStep(step);
    compare(await answer(client, recorded.sql), recorded);
  };

  test.each([
    "SELECT 'stats_mysql_query_digest_reset' AS harmless",
    'SHOW CREATE TABLE stats_mysql_query_digest_reset',
    'SELECT COUNT(*) FROM stats_mysql_query_digest_reset',
    'SELECT * FROM stats_mysql_query_digest_reset WHERE 1 = 0 LIMIT 0',
    'SELECT 1 -- stats_mysql_query_digest_reset',
  ])('the digests are gone after %s', async (sql) => {
    executed('0xA', '0xB');
    expect(await count()).toBe('2');
    expect((await answer(client, sql)).error).toBeUndefined();
    expect(await count()).toBe('0');
  });

  test('a failing statement that names the _reset table empties the digests too', async () => {
    executed('0xA');
    await replayStep('failing query mentioning _reset');
    expect(await count()).toBe('0');
  });

  test('a _reset read shows for the last time what it empties', async () => {
    executed('0xA');
    await replayStep('both tables in one query');
    expect(await count('SELECT COUNT(*) FROM stats_mysql_query_digest_reset')).toBe('0');
  });

  test('an upper-case name reads stale rows', async () => {
    executed();
    await count();
    executed('0xA');
    await replayStep('case: STATS_MYSQL_QUERY_DIGEST upper');
    expect(await count()).toBe('1');
    executed('0xA', '0xB');
    expect(await count('SELECT COUNT(*) n FROM STATS_MYSQL_QUERY_DIGEST')).toBe('1');
    expect(await count()).toBe('2');
  });

  test('TRUNCATE counts what it drops', async () => {
    for (const step of ['TRUNCATE TABLE stats.stats_mysql_query_digest', 'TRUNCATE stats_mysql_query_digest']) {
      executed(...['0xA', '0xB'].slice(0, recordedStep(step).ok?.affectedRows));
      await replayStep(step);
      expect(await count()).toBe(recordedStep(step).after);
    }
  });

  test('DELETE answers OK and does nothing, TRUNCATE of other tables is unknown', async () => {
    executed('0xA');
    const errors = Array.from({ length: 6 }, (_, i) => [10, 'db', 3306, 'u', '', 's', 1000 + i, 1, 1, 1, 'text']);
    lab.stats.tables.set('stats_mysql_errors', errors);
    await replayStep('DELETE FROM stats_mysql_query_digest');
    expect(await count()).toBe('1');
    await replayStep('DELETE FROM stats_mysql_errors');
    expect(await count('SELECT COUNT(*) FROM stats_mysql_errors')).toBe('6');
    await replayStep('TRUNCATE TABLE stats_mysql_errors');
    await replayStep('TRUNCATE TABLE stats_mysql_connection_pool');
  });

  test.each(['stats_mysql_errors', 'stats_mysql_connection_pool', 'stats_proxysql_message_metrics'] as const)(
    '%s_reset empties its table',
    async (table) => {
      lab.stats.tables.set('stats_mysql_errors', [[10, 'db', 3306, 'u', '', 's', 1062, 1, 1, 1, 'text']]);
      const rows = await count(`SELECT COUNT(*) FROM ${table}`);
      expect(await count(`SELECT COUNT(*) FROM ${table}_reset`)).toBe(rows);
      expect(await count(`SELECT COUNT(*) FROM ${table}`)).toBe('0');
    },
  );

  test('digests saved to disk leave memory and stand in the history', async () => {
    executed('0xA');
    await replayStep('SAVE MYSQL DIGEST TO DISK');
    expect(await count()).toBe('0');
    const { rows } = await answer(client, 'SELECT digest, count_star FROM stats_history.history_mysql_query_digest');
    expect(rows).toEqual([['0xA', '5']]);
  });

  test('the statistics user reads statistics and nothing else', async () => {
    const user = await lab.connect({ user: 'stats', password: 'stats' });
    executed('0xA', '0xB', '0xC');
    lab.stats.monitor.set('mysql_server_ping_log', [...(ESCAPING['statistics user'][1]?.rows ?? [])]);
    await replay(user, ESCAPING['statistics user']);
    expect(await count()).toBe('0');
  });

  test('tables of a monitor that does not run do not exist', async () => {
    lab.stats.monitor.delete('mysql_server_ping_log');
    const { error } = await answer(client, 'SELECT * FROM monitor.mysql_server_ping_log');
    expect(error?.message).toBe('ProxySQL Admin Error: no such table: monitor.mysql_server_ping_log');
  });

  test.each(['OFFLINE_SOFT', 'OFFLINE_HARD'] as const)('%s shows while the pool knows the server', async (status) => {
    await answer(client, 'DELETE FROM mysql_servers WHERE hostgroup_id = 30');
    await answer(client, `INSERT INTO mysql_servers (hostgroup_id, hostname, status) VALUES (30, 'db', '${status}')`);
    lab.stats.tables.set('stats_mysql_connection_pool', [[30, 'db', 3306, status, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]);
    await answer(client, 'LOAD MYSQL SERVERS TO RUNTIME');
    const { columns, rows } = await answer(
      client,
      'SELECT hostgroup_id, status FROM runtime_mysql_servers WHERE hostgroup_id = 30',
    );
    expect(rows).toEqual(SERVERS_LIVE[status].map((row) => columns?.map((name) => row[name])));
  });
});
