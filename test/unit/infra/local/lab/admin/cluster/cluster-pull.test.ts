import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import mysql from 'mysql2/promise';
import { type AdminInterface, openAdminInterface } from '../../../../../../../infra/local/lab/admin/admin-interface.ts';
import { temporaryFolder } from '../../../../../../support/temporary-folder.ts';
import { until } from '../../../../../../support/until.ts';
import { fakeStats, rowsOf } from '../support.ts';

interface Node {
  readonly admin: AdminInterface;
  readonly port: number;
  readonly client: mysql.Connection;
  readonly log: readonly string[];
}

describe('two nodes of a cluster', () => {
  const endings: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end();
  });

  async function startNode(peers: readonly number[]): Promise<Node> {
    const log: string[] = [];
    const admin = openAdminInterface({
      dataDir: temporaryFolder(),
      peers: peers.map((port) => ({ host: '127.0.0.1', port })),
      variables: { 'admin-admin_credentials': 'admin:admin;cluster:clusterpw' },
      clusterPollMs: 10,
      log: (line) => log.push(line),
    });
    endings.push(() => admin.close());
    const { port } = await admin.listen({ host: '127.0.0.1', port: 0, stats: fakeStats() });
    const client = await mysql.createConnection({ host: '127.0.0.1', port, user: 'admin', password: 'admin' });
    endings.push(() => client.destroy());
    return { admin, port, client, log };
  }

  function listening(onConnection: (socket: Socket) => void): Promise<Server> {
    const server = createServer(onConnection);
    endings.push(() => server.close());
    return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
  }
  const portOf = (server: Server): number => (server.address() as AddressInfo).port;

  const addUser = async ({ client }: Node, name: string): Promise<void> => {
    await client.query(`INSERT INTO mysql_users (username, password) VALUES ('${name}', 'pw')`);
    await client.query('LOAD MYSQL USERS TO RUNTIME');
  };
  const userNames = ({ admin }: Node): readonly string[] =>
    admin.runtime
      .users()
      .map(({ username }) => username)
      .sort();

  test('what is loaded on one is live on the other, split as at runtime, and saved there', async () => {
    const first = await startNode([]);
    const second = await startNode([first.port]);
    await addUser(first, 'app');
    await until('the user has arrived', () => userNames(second).length > 0);
    const columns = 'SELECT username, frontend, backend FROM';
    const split = [
      ['app', '0', '1'],
      ['app', '1', '0'],
    ];
    expect(await rowsOf(second.client, `${columns} mysql_users ORDER BY frontend`)).toEqual(split);
    expect(await rowsOf(second.client, `${columns} disk.mysql_users ORDER BY frontend`)).toEqual(split);
  });

  test('several LOADs within a second all arrive', async () => {
    const first = await startNode([]);
    const second = await startNode([first.port]);
    for (const name of ['a', 'b', 'c']) {
      await addUser(first, name);
      await until(`user ${name} has arrived`, () => userNames(second).includes(name));
    }
    expect(userNames(second)).toEqual(['a', 'b', 'c']);
    const checksum = "SELECT checksum FROM runtime_checksums_values WHERE name = 'mysql_users'";
    expect(await rowsOf(second.client, checksum)).toEqual(await rowsOf(first.client, checksum));
  });

  test('servers, rules and variables follow too', async () => {
    const first = await startNode([]);
    const second = await startNode([first.port]);
    await first.client.query("INSERT INTO mysql_servers (hostgroup_id, hostname) VALUES (10, 'db😀')");
    await first.client.query("INSERT INTO mysql_query_rules (rule_id, active, match_digest) VALUES (1, 1, '^SELECT')");
    await first.client.query('SET mysql-long_query_time = 42');
    for (const module of ['SERVERS', 'QUERY RULES', 'VARIABLES']) {
      await first.client.query(`LOAD MYSQL ${module} TO RUNTIME`);
    }
    const { runtime } = second.admin;
    await until('the servers have arrived', () => runtime.servers().length > 0);
    await until('the rules have arrived', () => runtime.rules().length > 0);
    await until('the variable has arrived', () => runtime.variable('mysql-long_query_time') === '42');
    expect(runtime.servers()).toMatchObject([{ hostgroup: 10, host: 'db😀' }]);
  });

  test('a peer that never answers holds up neither the others nor the end for long', async () => {
    const silent = await listening((socket) => endings.push(() => socket.destroy()));
    const first = await startNode([]);
    const second = await startNode([portOf(silent), first.port]);
    await addUser(first, 'app');
    await until('the user has arrived', () => userNames(second).length > 0);
    expect(userNames(second)).toEqual(['app']);
  });

  test('a peer that is away is logged once', async () => {
    let attempts = 0;
    const away = await listening((socket) => {
      attempts++;
      socket.destroy();
    });
    const node = await startNode([portOf(away)]);
    await until('it was asked several times', () => attempts > 3);
    expect(node.log).toEqual([expect.stringContaining(`cannot follow 127.0.0.1:${portOf(away)}`)]);
  });
});
