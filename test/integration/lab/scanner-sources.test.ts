import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { MariadbService } from '../../../infra/local/services/mariadb.ts';
import type { ProxySession } from '../../../layers/core/src/ports/proxy-driver.ts';
import { closeLabs, failureOf, type Lab, startBackend, startLab } from '../../support/lab-traffic.ts';
import { openSession } from '../../support/proxysql-session.ts';
import { until } from '../../support/until.ts';

let backend: MariadbService;
const sessions: ProxySession[] = [];

beforeAll(async () => {
  backend = await startBackend();
});
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
  await closeLabs();
});
afterAll(async () => {
  await backend?.stop();
});

const EXTENDED = { variables: { 'mysql-show_processlist_extended': '1' } };

async function statsSession(lab: Lab): Promise<ProxySession> {
  const session = await openSession(lab.adminPort);
  sessions.push(session);
  return session;
}

describe('what a scanner reads of real traffic', () => {
  test('a transaction shows from its first statement to its end, a running statement does not', async () => {
    const lab = await startLab(backend.port, EXTENDED);
    const session = await statsSession(lab);
    const [inTransaction, merelyRuns, idle] = [await lab.client(), await lab.client(), await lab.client()];
    await idle.query('SELECT 1');
    await inTransaction.query('BEGIN');
    const running = merelyRuns.query("SELECT SLEEP(1), 'literal'");
    await until('the statement shows', async () => {
      const { sessions: all } = await session.fetchProcesslist();
      return all.some(({ statement }) => statement?.includes('SLEEP'));
    });
    const list = await session.fetchProcesslist();
    expect(list).toMatchObject({ tellsTransactions: true, isCut: false });
    expect(list.sessions).toHaveLength(3);
    const [first, second, third] = list.sessions;
    expect(first).toMatchObject({
      command: 'Sleep',
      user: 'app_rw',
      schema: 'shop',
      transactionUs: expect.any(Number),
    });
    expect(first?.server).toBe(`127.0.0.1:${backend.port}`);
    expect(second).toMatchObject({ command: 'Query', statement: "SELECT SLEEP(1), 'literal'" });
    for (const other of [second, third]) expect(other).not.toHaveProperty('transactionUs');
    await running;
    await inTransaction.query('COMMIT');
    const { sessions: after } = await session.fetchProcesslist();
    expect(after.filter(({ transactionUs }) => transactionUs !== undefined)).toEqual([]);
  });

  test('a transaction of autocommit=0 shows once it wrote', async () => {
    const lab = await startLab(backend.port, EXTENDED);
    const session = await statsSession(lab);
    const client = await lab.client();
    await client.query('SET autocommit=0');
    await client.query("UPDATE stock SET n=n+1 WHERE sku='a'");
    const { sessions: all } = await session.fetchProcesslist();
    expect(all).toMatchObject([{ transactionUs: expect.any(Number) }]);
    await client.query('ROLLBACK');
  });

  test('errors are counted by server and number, wrong passwords apart', async () => {
    const lab = await startLab(backend.port);
    const session = await statsSession(lab);
    const client = await lab.client();
    for (let i = 0; i < 3; i++) await failureOf(client.query('SELECT * FROM no_such_table'));
    await failureOf(client.query("INSERT INTO stock VALUES ('a', 1)"));
    await failureOf(lab.client({ password: 'wrong' }));
    const ghost = await lab.client({ user: 'ghost', password: 'unknown-to-the-back-end' });
    await failureOf(ghost.query('SELECT 1'));
    const { byServer, accessDenied } = await session.fetchErrorTotals();
    const server = `127.0.0.1:${backend.port}`;
    expect(byServer).toEqual([
      { hostgroup: '20', server, errno: 1146, count: 3 },
      { hostgroup: '10', server, errno: 1062, count: 1 },
      { hostgroup: '20', server, errno: 1045, count: 1 },
    ]);
    expect(accessDenied).toBe(1);
  });

  test('the longest execution of a digest is the one that slept', async () => {
    const lab = await startLab(backend.port);
    const session = await statsSession(lab);
    const client = await lab.client();
    await client.query('SELECT SLEEP(0)');
    await client.query('SELECT SLEEP(0.2)');
    const { rows } = await session.fetchDigests({ withExtremes: true });
    expect(rows).toHaveLength(1);
    const { minTimeUs = 0, maxTimeUs = 0, counters } = rows[0] ?? { counters: { timeUs: 0 } };
    expect(maxTimeUs).toBeGreaterThanOrEqual(200_000);
    expect(minTimeUs + maxTimeUs).toBe(counters.timeUs);
  });

  test('a SET that nobody can parse is a logged message', async () => {
    const lab = await startLab(backend.port);
    const session = await statsSession(lab);
    const client = await lab.client();
    for (let i = 0; i < 2; i++) await failureOf(client.query('SET x y z'));
    const { messages } = await session.fetchState();
    expect(messages).toMatchObject([{ messageId: '10002', filename: 'MySQL_Session.cpp', count: 2 }]);
  });

  test('in a cluster the statistics user sees the checksums of the proxy change, and the peers', async () => {
    const first = await startLab(backend.port, {
      variables: { 'admin-admin_credentials': 'admin:admin;cluster:clusterpw' },
    });
    const second = await startLab(backend.port, { peers: [{ host: '127.0.0.1', port: first.adminPort }] });
    const session = await statsSession(second);
    const checksumOf = async (name: string) => {
      const { checksums } = await session.fetchState();
      return checksums?.find((module) => module.name === name)?.checksum;
    };
    await until('the peer answered', async () => {
      const { clusterPeers } = await session.fetchState();
      return clusterPeers?.[0]?.isAnswering === true;
    });
    const before = await checksumOf('mysql_variables');
    expect(before).toMatch(/^0x[0-9A-F]{16}$/);
    await second.admin('SET mysql-long_query_time=1234');
    await second.admin('LOAD MYSQL VARIABLES TO RUNTIME');
    await until('the checksum changed', async () => (await checksumOf('mysql_variables')) !== before);
    const { clusterPeers } = await session.fetchState();
    expect(clusterPeers).toEqual([{ host: '127.0.0.1', port: first.adminPort, isAnswering: true }]);
  });

  test('a server that is away is shunned, and its failures are counted', async () => {
    const lab = await startLab(1, { variables: { 'mysql-connect_timeout_server_max': '200' } });
    const session = await statsSession(lab);
    const client = await lab.client();
    await failureOf(client.query('SELECT 1'));
    const { byServer } = await session.fetchErrorTotals();
    expect(byServer).toContainEqual({
      hostgroup: '20',
      server: '127.0.0.1:1',
      errno: 2002,
      count: expect.any(Number),
    });
    const { servers = [] } = await session.fetchState();
    expect(servers.find(({ hostgroup }) => hostgroup === '20')).toMatchObject({ port: 1, status: 'SHUNNED' });
  });
});
