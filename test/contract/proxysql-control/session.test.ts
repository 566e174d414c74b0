import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createProxysqlControl } from '../../../layers/core/src/drivers/proxysql/control/create-control.ts';
import { startFakeAdmin } from '../../support/fake-admin.ts';
import { proxyAt } from '../../support/proxysql-session.ts';
import { type ControlLab, startControlLab } from './lab.ts';

const ADMIN = { user: 'admin', password: 'admin' };

let lab: ControlLab;
beforeEach(async () => {
  lab = await startControlLab([
    "INSERT INTO main.mysql_servers (hostgroup_id,hostname,port) VALUES (10,'db-1',3306)",
    "INSERT INTO main.proxysql_servers (hostname,port) VALUES ('10.0.0.1',6032),('10.0.0.2',6032)",
  ]);
});
afterEach(() => lab.close());

describe('a session that changes a proxy', () => {
  test('is opened by an administrator only', async () => {
    const connecting = createProxysqlControl().connect(
      proxyAt(lab.port),
      { user: 'stats', password: 'stats' },
      { timeoutMs: 5_000 },
    );
    await expect(connecting).rejects.toMatchObject({ code: 'PROXY_ACCESS_DENIED' });
  });

  test('knows the version', () => {
    expect(lab.session.version).toBe('2.7.2-14-g5cc418b');
  });

  test('tells uptime, checksums and the cluster without itself', async () => {
    const facts = await lab.session.fetchFacts();
    expect(facts.uptimeS).toBe(1000);
    expect(facts.checksums.map(({ name }) => name)).toEqual(expect.arrayContaining(['mysql_users', 'mysql_servers']));
    expect(facts.clusterPeers).toEqual([
      { host: '10.0.0.1', port: 6032, isAnswering: false },
      { host: '10.0.0.2', port: 6032, isAnswering: false },
    ]);
    await lab.ask(`INSERT INTO proxysql_servers (hostname,port) VALUES ('127.0.0.1',${lab.port})`);
    await lab.ask('LOAD PROXYSQL SERVERS TO RUNTIME');
    expect((await lab.session.fetchFacts()).clusterPeers).toHaveLength(2);
  });

  test('reads its health', async () => {
    lab.monitored.set('db-1', 'SHUNNED');
    lab.setStats('stats_mysql_global', () => [
      ['ProxySQL_Uptime', '1000'],
      ['Access_Denied_Wrong_Password', '3'],
      ['Access_Denied_Max_Connections', '4'],
      ['Server_Connections_aborted', '5'],
      ['Questions', '600'],
      ['Client_Connections_connected', '7'],
    ]);
    lab.setStats('stats_mysql_errors', () => [[10, 'db-1', 3306, 'app', '', 'shop', 1146, 2, 1, 1, 'no such table']]);
    expect(await lab.session.fetchHealth()).toEqual({
      uptimeS: 1000,
      accessDenied: 7,
      backendConnectionsFailed: 5,
      backendErrors: 2,
      queries: 600,
      clientConnections: 7,
      servers: [{ hostgroup: '10', host: 'db-1', port: 3306, status: 'SHUNNED' }],
    });
  });

  test('ends the sessions of one user, whoever comes in between too', async () => {
    const session = (id: number, user: string) => [0, id, user, ...Array<number>(13).fill(0)];
    lab.setStats('stats_mysql_processlist', () => [
      session(1, "o'brien"),
      session(2, 'other'),
      session(3, "o'brien"),
      // Somebody who comes back once.
      ...(lab.killed.includes(3) ? [session(4, "o'brien")] : []),
    ]);
    expect(await lab.session.killSessions("o'brien")).toBe(3);
    expect(lab.killed).toEqual([1, 3, 4]);
  });

  test('says that the proxy may not be written', async () => {
    await lab.ask('PROXYSQL READONLY');
    const put = { kind: 'put', table: 'users', row: { key: '["x"]', fields: { password: 'y' } } } as const;
    await expect(lab.session.write([put])).rejects.toMatchObject({
      code: 'PROXY_STATEMENT',
      message: 'proxy px1: ProxySQL Admin Error: attempt to write a readonly database',
    });
    expect(lab.session.closed).toBe(false);
  });

  test('ends at a statement that takes too long, and says what is uncertain', async () => {
    const slow = await startFakeAdmin({
      credential: ADMIN,
      answer(statement, exchange) {
        if (statement === 'SELECT @@version') exchange.rows(['@@version'], [['2.7.2']]);
        else if (statement.startsWith('PRAGMA')) exchange.rows(['cid', 'name'], [['0', 'username']]);
        else if (statement.startsWith('SELECT')) exchange.rows(['username'], []);
      },
    });
    try {
      const control = createProxysqlControl({ statementTimeoutMs: 100 });
      const session = await control.connect(proxyAt(slow.port), ADMIN, { timeoutMs: 5_000 });
      const put = { kind: 'put', table: 'users', row: { key: '["x"]', fields: {} } } as const;
      await expect(session.write([put])).rejects.toMatchObject({
        code: 'PROXY_TIMEOUT',
        message: expect.stringMatching(/memory may hold a part of the change/),
      });
      expect(session.closed).toBe(true);
      await slow.allGone();
    } finally {
      await slow.close();
    }
  });

  test('ends a read whose caller gives up', async () => {
    await expect(lab.session.fetchFacts(AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(lab.session.closed).toBe(false);
  });
});

test('one LOAD and one SAVE go out for each module', async () => {
  const statements: string[] = [];
  const admin = await startFakeAdmin({
    credential: ADMIN,
    answer(statement, exchange) {
      if (/^(LOAD|SAVE)/.test(statement)) {
        statements.push(statement);
        exchange.ok();
      } else exchange.rows(['x'], []);
    },
  });
  try {
    const session = await createProxysqlControl().connect(proxyAt(admin.port), ADMIN, { timeoutMs: 5_000 });
    for (const module of ['users', 'servers', 'rules'] as const) {
      await session.load(module);
      await session.save(module);
    }
    await session.close();
  } finally {
    await admin.close();
  }
  expect(statements).toEqual([
    'LOAD MYSQL USERS TO RUNTIME',
    'SAVE MYSQL USERS TO DISK',
    'LOAD MYSQL SERVERS TO RUNTIME',
    'SAVE MYSQL SERVERS TO DISK',
    'LOAD MYSQL QUERY RULES TO RUNTIME',
    'SAVE MYSQL QUERY RULES TO DISK',
  ]);
});
