import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type ConfigLayers,
  createConfigLayers,
} from '../../../../../../../infra/local/lab/admin/layers/config-layers.ts';
import type { ModuleName } from '../../../../../../../infra/local/lab/admin/layers/config-module.ts';
import { createRuntimeView } from '../../../../../../../infra/local/lab/admin/layers/runtime-view.ts';
import { type Databases, openDatabases } from '../../../../../../../infra/local/lab/admin/storage/databases.ts';
import { readRows } from '../../../../../../../infra/local/lab/admin/storage/sql.ts';
import { temporaryFolder } from '../../../../../../support/temporary-folder.ts';

describe('configuration in three layers', () => {
  let folder: string;
  let databases: Databases;
  let layers: ConfigLayers;
  let nowMs: number;

  function start(): void {
    databases = openDatabases(folder);
    layers = createConfigLayers(databases.admin, { initialVariables: new Map(), nowMs: () => nowMs });
    layers.start(databases.firstRun);
  }
  beforeEach(() => {
    nowMs = 1_000_000;
    folder = temporaryFolder();
    start();
  });
  afterEach(() => databases.close());
  const run = (sql: string) => databases.admin.exec(sql);
  const select = (sql: string) => readRows(databases.admin, sql);
  const users = () => createRuntimeView(layers).users();
  const addUser = (name: string) => run(`INSERT INTO mysql_users (username, password) VALUES ('${name}', 'pw')`);

  test('a change in memory reaches runtime at LOAD, and not before', () => {
    const view = createRuntimeView(layers);
    addUser('app');
    expect(view.users()).toEqual([]);
    layers.loadToRuntime('mysql_users');
    expect(view.users()).toEqual([
      {
        username: 'app',
        password: 'pw',
        defaultHostgroup: 0,
        defaultSchema: null,
        maxConnections: 10_000,
        transactionPersistent: true,
      },
    ]);
  });

  test('a restart keeps what was saved and loses what was only loaded', () => {
    addUser('saved');
    layers.module('mysql_users').memoryToDisk();
    addUser('loaded');
    layers.loadToRuntime('mysql_users');
    expect(users().map(({ username }) => username)).toEqual(['saved', 'loaded']);
    databases.close();
    start();
    expect(databases.firstRun).toBe(false);
    expect(users().map(({ username }) => username)).toEqual(['saved']);
    expect(layers.checksums.get('mysql_users').version).toBe(1);
  });

  test('an inactive user leaves runtime, and a SAVE from runtime leaves it in memory', () => {
    addUser('gone');
    addUser('here');
    run("UPDATE mysql_users SET active = 0 WHERE username = 'gone'");
    layers.loadToRuntime('mysql_users');
    expect(users().map(({ username }) => username)).toEqual(['here']);
    layers.module('mysql_users').runtimeToMemory();
    expect(select('SELECT username, active, frontend, backend FROM mysql_users ORDER BY username, frontend')).toEqual([
      ['gone', 0n, 1n, 1n],
      ['here', 1n, 0n, 1n],
      ['here', 1n, 1n, 0n],
    ]);
  });

  test('SHUNNED is not saved as configuration', () => {
    run("INSERT INTO mysql_servers (hostname, status) VALUES ('db', 'SHUNNED')");
    layers.loadToRuntime('mysql_servers');
    expect(createRuntimeView(layers).servers()).toMatchObject([{ host: 'db', port: 3306, status: 'SHUNNED' }]);
    layers.module('mysql_servers').runtimeToMemory();
    expect(select('SELECT status FROM mysql_servers')).toEqual([['ONLINE']]);
  });

  test('only active rules are loaded, in their order', () => {
    run("INSERT INTO mysql_query_rules (rule_id, active, match_digest, apply) VALUES (2, 1, '^SELECT', 1)");
    run("INSERT INTO mysql_query_rules (rule_id, active, error_msg) VALUES (1, 1, 'no'), (3, 0, 'off')");
    layers.loadToRuntime('mysql_query_rules');
    expect(createRuntimeView(layers).rules()).toMatchObject([
      { ruleId: 1, errorMessage: 'no', apply: false, caseless: true },
      { ruleId: 2, matchDigest: '^SELECT', apply: true, destinationHostgroup: null },
    ]);
  });

  test('each LOAD counts a version and tells its listeners; the checksum follows the content', () => {
    const heard: string[] = [];
    createRuntimeView(layers).onLoaded((module) => heard.push(module));
    const before = layers.checksums.get('mysql_users');
    nowMs += 5000;
    layers.loadToRuntime('mysql_users');
    expect(layers.checksums.get('mysql_users')).toEqual({ ...before, version: 2, epoch: before.epoch + 5 });
    addUser('app');
    layers.loadToRuntime('mysql_users');
    expect(layers.checksums.get('mysql_users').checksum).not.toBe(before.checksum);
    for (const name of ['mysql_variables', 'mysql_query_rules', 'mysql_servers'] as ModuleName[]) {
      layers.loadToRuntime(name);
    }
    expect(heard).toEqual(['users', 'users', 'variables', 'rules', 'servers']);
  });

  test('what a peer shows replaces memory, runtime and disk, under the epoch of the peer', () => {
    addUser('mine');
    layers.loadToRuntime('mysql_users');
    const row = ['theirs', 'pw', '1', '0', '10', null, '0', '1', '0', '0', '1', '50', '', ''];
    const backend = row.with(9, '1').with(10, '0');
    layers.adopt('mysql_users', new Map([['runtime_mysql_users', [row, backend]]]), 4711);
    expect(users()).toMatchObject([{ username: 'theirs', maxConnections: 50 }]);
    expect(select('SELECT DISTINCT username FROM disk.mysql_users')).toEqual([['theirs']]);
    expect(layers.checksums.get('mysql_users').epoch).toBe(4711);
  });

  test('a peer’s own addresses are not taken over', () => {
    const rows = [
      ['mysql-interfaces', '10.0.0.1:6033'],
      ['mysql-long_query_time', '42'],
      ['mysql-unknown', 'x'],
    ];
    layers.adopt('mysql_variables', new Map([['runtime_global_variables', rows]]), 1);
    expect([layers.variable('mysql-interfaces'), layers.variable('mysql-long_query_time')]).toEqual(['', '42']);
    expect(() => layers.variable('mysql-unknown')).toThrow('no variable mysql-unknown');
  });
});
