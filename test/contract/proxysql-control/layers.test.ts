import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConfigLayer, ConfigTable, RowWrite } from '../../../layers/core/src/domain/control/config-rows.ts';
import { createProxysqlControl } from '../../../layers/core/src/drivers/proxysql/control/create-control.ts';
import { type ControlLab, startControlLab } from './lab.ts';

const control = createProxysqlControl();
const key = (...parts: string[]) => JSON.stringify(parts);
const user = key('app');
const setVariable = (name: string, value: string): RowWrite => ({
  kind: 'put',
  table: 'variables',
  row: { key: key(name), fields: { variable_value: value } },
});

let lab: ControlLab;
beforeEach(async () => {
  lab = await startControlLab([
    "INSERT INTO main.mysql_users (username,password,default_hostgroup) VALUES ('app','secret1',10)",
    "INSERT INTO main.mysql_users (username,password,active) VALUES ('gone','x',0)",
    "INSERT INTO main.mysql_servers (hostgroup_id,hostname,port,status) VALUES (10,'db-1',3306,'ONLINE')",
    "INSERT INTO main.mysql_servers (hostgroup_id,hostname,port,status) VALUES (20,'db-2',3306,'OFFLINE_HARD')",
    'INSERT INTO main.mysql_replication_hostgroups (writer_hostgroup,reader_hostgroup) VALUES (10,20)',
  ]);
});
afterEach(() => lab.close());

const rowsOf = async (table: ConfigTable, layer: ConfigLayer) => {
  const snapshot = await lab.session.fetchConfig(['users', 'servers', 'rules', 'variables'], [layer]);
  return new Map(snapshot[layer]?.[table]?.map((row) => [row.key, row.fields]));
};
const differing = async () => {
  const { memory = {}, runtime = {} } = await lab.session.fetchConfig(
    ['users', 'servers', 'rules', 'variables'],
    ['memory', 'runtime'],
  );
  return (['users', 'servers', 'rules', 'variables', 'replicationHostgroups'] as const).flatMap((table) => {
    const [held, shown] = [memory, runtime].map((layer) => new Map(layer[table]?.map((row) => [row.key, row.fields])));
    return [...new Set([...(held?.keys() ?? []), ...(shown?.keys() ?? [])])]
      .filter((name) => {
        const [one, other] = [held?.get(name), shown?.get(name)];
        if (one === undefined || other === undefined) return !control.isAbsenceExpected(table, name, memory, runtime);
        return Object.keys(one).some(
          (field) =>
            !control.isSame(table, field, one[field] ?? null, other[field] ?? null) &&
            !control.isMonitored(table, field, one[field] ?? null, other[field] ?? null),
        );
      })
      .map((name) => control.nameOf(table, name));
  });
};

describe('memory, runtime and disk', () => {
  test('are the same of a proxy at rest, though users are halved and what is off is absent at runtime', async () => {
    lab.monitored.set('db-1', 'SHUNNED');
    expect((await rowsOf('users', 'runtime')).get(user)).toMatchObject({
      frontend: '1',
      backend: '1',
      halves: 'alike',
    });
    expect((await rowsOf('servers', 'runtime')).get(key('10', 'db-1', '3306'))?.status).toBe('SHUNNED');
    expect((await rowsOf('users', 'runtime')).has(key('gone'))).toBe(false);
    expect(await differing()).toEqual([]);
  });

  test('show whose edits were not loaded', async () => {
    await lab.ask("UPDATE mysql_users SET password='edited' WHERE username='app'");
    await lab.ask("INSERT INTO mysql_servers (hostgroup_id,hostname) VALUES (30,'db-3')");
    await lab.ask("UPDATE global_variables SET variable_value='7' WHERE variable_name='mysql-long_query_time'");
    const names = ['user app', 'server db-3:3306 in hostgroup 30', 'variable mysql-long_query_time'];
    expect(await differing()).toEqual(names);
  });

  test('take a change step by step', async () => {
    await lab.session.write([{ kind: 'put', table: 'users', row: { key: user, fields: { default_hostgroup: '11' } } }]);
    const hostgroups = async () =>
      Promise.all(
        (['memory', 'runtime', 'disk'] as const).map(
          async (layer) => (await rowsOf('users', layer)).get(user)?.default_hostgroup,
        ),
      );
    expect(await hostgroups()).toEqual(['11', '10', '10']);
    await lab.session.load('users');
    expect(await hostgroups()).toEqual(['11', '11', '10']);
    await lab.session.save('users');
    expect(await hostgroups()).toEqual(['11', '11', '11']);
  });

  test('go back to a pre-image, others’ rows included', async () => {
    const before = await lab.session.fetchConfig(['servers'], ['memory']);
    await lab.ask("INSERT INTO mysql_servers (hostgroup_id,hostname) VALUES (30,'db-3')");
    await lab.ask('DELETE FROM mysql_replication_hostgroups');
    await lab.ask("UPDATE mysql_servers SET weight=7,compression=1 WHERE hostname='db-1'");
    await lab.session.replace('servers', before.memory ?? {});
    expect(await lab.session.fetchConfig(['servers'], ['memory'])).toEqual(before);
  });
});

describe('variables', () => {
  const version = async (module: string) =>
    (await lab.ask(`SELECT version FROM runtime_checksums_values WHERE name='${module}'`)).flat()[0];

  test('are loaded and saved in the part that was written, the other part’s edits stay where they are', async () => {
    await lab.ask("UPDATE global_variables SET variable_value='2500' WHERE variable_name='admin-refresh_interval'");
    const admin = await version('admin_variables');
    await lab.session.write([setVariable('mysql-long_query_time', '500')]);
    await lab.session.load('variables');
    await lab.session.save('variables');
    expect(await version('admin_variables')).toBe(admin);
    expect((await rowsOf('variables', 'runtime')).get(key('mysql-long_query_time'))?.variable_value).toBe('500');
    expect((await rowsOf('variables', 'disk')).get(key('mysql-long_query_time'))?.variable_value).toBe('500');
    expect((await rowsOf('variables', 'disk')).get(key('admin-refresh_interval'))?.variable_value).toBe('2000');
  });

  test('that another session wrote are loaded and saved too', async () => {
    await lab.session.write([setVariable('admin-refresh_interval', '1500')]);
    const successor = await lab.connect();
    await successor.load('variables');
    await successor.save('variables');
    await successor.close();
    for (const layer of ['runtime', 'disk'] as const) {
      expect((await rowsOf('variables', layer)).get(key('admin-refresh_interval'))?.variable_value).toBe('1500');
    }
  });

  test.each([
    ['mysql-long_query_time', '999999999999', '1000'],
    ['mysql-max_connections', '-5', '2048'],
    ['mysql-multiplexing', 'maybe', 'true'],
    ['mysql-threads', '3', '2'],
    ['mysql-long_query_time', 'abc', '0'],
  ])('show what the proxy made of a value that it did not take: %s = %s', async (name, wanted, runtime) => {
    await lab.session.write([setVariable(name, wanted)]);
    await lab.session.load('variables');
    const found = (await rowsOf('variables', 'runtime')).get(key(name))?.variable_value ?? null;
    expect(found).toBe(runtime);
    expect(control.isSame('variables', 'variable_value', wanted, found)).toBe(false);
  });

  test('that are written as 1 and shown as true are the same', async () => {
    await lab.session.write([setVariable('mysql-multiplexing', '0')]);
    await lab.session.load('variables');
    const found = (await rowsOf('variables', 'runtime')).get(key('mysql-multiplexing'))?.variable_value ?? null;
    expect(found).toBe('false');
    expect(control.isSame('variables', 'variable_value', '0', found)).toBe(true);
  });
});
