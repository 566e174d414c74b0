import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createConfigLayers } from '../../../../../../../infra/local/lab/admin/layers/config-layers.ts';
import type { Client } from '../../../../../../../infra/local/lab/admin/statements/command.ts';
import { createExecutor, type Execute } from '../../../../../../../infra/local/lab/admin/statements/executor.ts';
import { createRefresh } from '../../../../../../../infra/local/lab/admin/statements/refresh.ts';
import { type Databases, openDatabases } from '../../../../../../../infra/local/lab/admin/storage/databases.ts';
import type { LabCommand } from '../../../../../../../infra/local/lab/contract.ts';
import { temporaryFolder } from '../../../../../../support/temporary-folder.ts';
import { type FakeStats, fakeStats } from '../support.ts';

const ADMIN: Client = { role: 'admin', user: 'admin', address: '127.0.0.1' };
const STATS: Client = { role: 'stats', user: 'stats', address: '127.0.0.1' };
const OK = { kind: 'ok', affectedRows: 0, info: '' };
const error = (message: string) => ({ kind: 'error', message: `ProxySQL Admin Error: ${message}` });

describe('a statement', () => {
  let databases: Databases;
  let execute: Execute;
  let stats: FakeStats;
  let commands: LabCommand[];
  let nowMs: number;

  beforeEach(() => {
    databases = openDatabases(temporaryFolder());
    stats = fakeStats();
    commands = [];
    nowMs = 1_000_000;
    const layers = createConfigLayers(databases.admin, { initialVariables: new Map(), nowMs: () => nowMs });
    layers.start(databases.firstRun);
    execute = createExecutor({
      databases,
      layers,
      refresh: createRefresh(databases.admin, layers, { stats: () => stats, nodes: () => [] }),
      version: '2.7.2',
      control: async (command) => void commands.push(command),
      nowMs: () => nowMs,
      stats: () => stats,
    });
  });
  afterEach(() => databases.close());
  const admin = async (sql: string) => execute(sql, ADMIN);
  const statistician = async (sql: string) => execute(sql, STATS);

  test.each([
    "ATTACH DATABASE ':memory:' AS x",
    'DETACH DATABASE stats',
    "VACUUM INTO 'copy.db'",
    'PRAGMA journal_mode = OFF',
    'SAVEPOINT a',
    'LOAD MYSQL USERS FROM CONFIG',
    'LOAD MYSQL USERS TO DISK',
    'SAVE MYSQL USERS FROM DISK',
    'LOAD MYSQL USERS TO RUNTIME; SELECT 1',
    'PROXYSQL RESTART',
    'TRUNCATE stats_mysql_errors',
  ])('unknown to the lab is refused: %s', async (sql) => {
    expect(await admin(sql)).toEqual(error(`near "${sql.split(' ')[0]}": syntax error`));
  });

  test.each([
    'LOAD MYSQL USERS TO RUNTIME',
    'load mysql users to run',
    'LOAD  MYSQL\nSERVERS FROM MEMORY;',
    'LOAD MYSQL QUERY RULES FROM MEM',
    'LOAD MYSQL VARIABLES TO MEMORY',
    'LOAD ADMIN VARIABLES FROM DISK',
    'LOAD PROXYSQL SERVERS TO MEM',
    'SAVE MYSQL USERS FROM RUNTIME',
    'SAVE MYSQL SERVERS FROM RUN',
    'SAVE MYSQL QUERY RULES TO MEMORY',
    'SAVE PROXYSQL SERVERS TO MEM',
    'SAVE MYSQL USERS TO DISK',
    'SAVE MYSQL SERVERS FROM MEM',
  ])('each way between two layers has several names: %s', async (sql) => expect(await admin(sql)).toEqual(OK));

  test('a START right after a STOP is answered OK and lost', async () => {
    expect(await admin('PROXYSQL STOP')).toEqual(OK);
    nowMs += 900;
    expect(await admin('PROXYSQL START')).toEqual(OK);
    expect(commands).toEqual(['stop']);
    nowMs += 200;
    await admin('PROXYSQL START');
    expect(commands).toEqual(['stop', 'start']);
  });

  test('in read-only mode SQL and SET fail, LOAD and statistics work', async () => {
    stats.tables.set('stats_mysql_global', [['ProxySQL_Uptime', '1']]);
    expect(await admin('PROXYSQL READONLY')).toEqual(OK);
    for (const sql of ['DELETE FROM mysql_users', 'SET mysql-threads = 2']) {
      expect(await admin(sql)).toEqual(error('attempt to write a readonly database'));
    }
    expect(await admin('LOAD MYSQL USERS TO RUNTIME')).toEqual(OK);
    expect(await admin('SELECT Variable_Value FROM stats_mysql_global')).toMatchObject({ rows: [['1']] });
    await admin('PROXYSQL READWRITE');
    expect(await admin('DELETE FROM mysql_users')).toEqual(OK);
  });

  test('SET takes either kind of quotes and any spaces', async () => {
    for (const sql of ["SET mysql-init_connect='it''s  so'", 'SET  mysql-init_connect = "it\'s  so" ;']) {
      expect(await admin(sql)).toEqual({ ...OK, affectedRows: 1 });
      expect(await admin('SELECT @@mysql-init_connect')).toMatchObject({ rows: [["it's  so"]] });
    }
  });

  test('a session is killed by its number, and only by an administrator', async () => {
    expect(await admin('KILL CONNECTION 7')).toEqual(OK);
    expect(await admin('KILL CONNECTION 8')).toEqual(error('Unknown thread id: 8'));
    expect(await statistician('KILL CONNECTION 7')).toEqual(error('near "KILL": syntax error'));
  });

  test('SHOW CREATE TABLE finds a table where a SELECT would', async () => {
    expect(await admin('SHOW CREATE TABLE disk.mysql_users')).toMatchObject({ columns: ['table', 'Create Table'] });
    expect(await admin('SHOW CREATE TABLE stats_mysql_global')).toMatchObject({
      rows: [['stats_mysql_global', expect.any(String)]],
    });
    expect(await statistician('SHOW CREATE TABLE mysql_users')).toEqual(error('no such table: mysql_users'));
  });

  test('an UPDATE on a runtime table answers OK and does nothing', async () => {
    await admin("INSERT INTO mysql_servers (hostname) VALUES ('db')");
    await admin('LOAD MYSQL SERVERS TO RUNTIME');
    expect(await admin('UPDATE runtime_mysql_servers SET weight = 2')).toEqual({ ...OK, affectedRows: 1 });
    expect(await admin('SELECT weight FROM runtime_mysql_servers')).toMatchObject({ rows: [[1n]] });
  });
});
