import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';
import type { MariadbService } from '../../../infra/local/services/mariadb.ts';
import { closeLabs, failureOf, READER, startBackend, startLab, WRITER } from '../../support/lab-traffic.ts';
import { until } from '../../support/until.ts';

let backend: MariadbService;
let direct: Connection;

beforeAll(async () => {
  backend = await startBackend();
  direct = await mysql.createConnection({ uri: backend.adminUrl, database: 'shop' });
});
afterEach(closeLabs);
afterAll(async () => {
  await direct?.end();
  await backend?.stop();
});

const lab = (variables: Readonly<Record<string, string>> = {}) => startLab(backend.port, { variables });

async function one(client: Connection, sql: string): Promise<unknown> {
  const [rows] = await client.query<RowDataPacket[]>(sql);
  return Object.values(rows[0] ?? {})[0];
}

describe('a transaction', () => {
  test('holds one connection, sees its own changes, and hides them until it commits', async () => {
    const client = await (await lab()).client();
    await client.beginTransaction();
    await client.query("UPDATE stock SET n=n+1 WHERE sku='a'");
    const [inside, outside] = [
      await one(client, "SELECT n FROM stock WHERE sku='a'"),
      await one(direct, "SELECT n FROM stock WHERE sku='a'"),
    ];
    expect(inside).toBe(Number(outside) + 1);
    await client.commit();
    expect(await one(direct, "SELECT n FROM stock WHERE sku='a'")).toBe(inside);
  });

  test('keeps its reads in the hostgroup where it began', async () => {
    const proxy = await lab();
    const client = await proxy.client();
    await client.query('SELECT COUNT(*) FROM stock');
    await client.beginTransaction();
    await client.query('SELECT COUNT(*) FROM stock');
    await client.rollback();
    const rows = await proxy.admin(
      "SELECT hostgroup FROM stats_mysql_query_digest WHERE digest_text='SELECT COUNT(*) FROM stock' ORDER BY hostgroup",
    );
    expect(rows.map(({ hostgroup }) => Number(hostgroup))).toEqual([WRITER, READER]);
  });

  test('is rolled back when its client leaves', async () => {
    const client = await (await lab()).client();
    const before = await one(direct, "SELECT n FROM stock WHERE sku='b'");
    await client.beginTransaction();
    await client.query("UPDATE stock SET n=0 WHERE sku='b'");
    client.destroy();
    // The row is locked until the back end has rolled back.
    expect(await one(direct, "SELECT n FROM stock WHERE sku='b' FOR UPDATE")).toBe(before);
  });

  test('outside of one, COMMIT and ROLLBACK need no back end', async () => {
    const proxy = await lab();
    const client = await proxy.client();
    await client.commit();
    await client.rollback();
    const pool = await proxy.admin('SELECT SUM(Queries) AS queries FROM stats_mysql_connection_pool');
    expect(pool).toEqual([{ queries: '0' }]);
  });

  test('without autocommit begins with the first statement and ends when autocommit comes back', async () => {
    const client = await (await lab()).client();
    await client.query('SET autocommit=0');
    await client.query("UPDATE stock SET n=77 WHERE sku='c'");
    expect(await one(direct, "SELECT n FROM stock WHERE sku='c'")).toBe(30);
    await client.query('SET autocommit=1');
    expect(await one(direct, "SELECT n FROM stock WHERE sku='c'")).toBe(77);
  });
});

describe('what a client sets', () => {
  test('follows it to every connection and reaches no other client', async () => {
    const proxy = await lab();
    const [a, b] = [await proxy.client(), await proxy.client()];
    const state = 'SELECT CONCAT(@@sql_mode, @@time_zone, DATABASE()) AS s';
    const untouched = await one(b, state);
    await a.query("SET sql_mode='ANSI_QUOTES', time_zone='+05:00'");
    await a.query('USE crm');
    for (let i = 0; i < 4; i += 1) {
      expect(await one(a, state)).toBe('ANSI_QUOTES+05:00crm');
      expect(await one(b, state)).toBe(untouched);
      // A write goes to the other hostgroup, where the settings are not made yet.
      await a.query(`DO ${i}`);
    }
  });

  test('in a user variable binds it to one hostgroup', async () => {
    const client = await (await lab()).client();
    await client.query('SET @x=1');
    expect(await failureOf(client.query('SELECT @x'))).toMatchObject({
      errno: 9006,
      message: 'ProxySQL Error: connection is locked to hostgroup 10 but trying to reach hostgroup 20',
    });
  });

  test('in a temporary table stays on its connection, and is gone for the next client', async () => {
    const proxy = await lab();
    const client = await proxy.client();
    await client.query('CREATE TEMPORARY TABLE mine (id INT)');
    await client.query('INSERT INTO mine VALUES (1)');
    await client.end();
    const next = await proxy.client();
    expect(await failureOf(next.query('INSERT INTO mine VALUES (1)'))).toMatchObject({ errno: 1146 });
  });

  test('as the last inserted id is answered by the proxy', async () => {
    const client = await (await lab()).client();
    const [{ insertId }] = await client.query<mysql.ResultSetHeader>('INSERT INTO orders (cust) VALUES (1)');
    expect(Number(await one(client, 'SELECT LAST_INSERT_ID()'))).toBe(insertId);
  });

  test("that is no schema fails with the back end's words at the next statement", async () => {
    const client = await (await lab()).client();
    await client.query('USE nosuchdb');
    expect(await failureOf(client.query('SELECT 1'))).toMatchObject({
      errno: 1049,
      message: "Unknown database 'nosuchdb'",
    });
    await client.query('USE shop');
    expect(await one(client, 'SELECT DATABASE()')).toBe('shop');
  });
});

describe('a client is refused', () => {
  const refused = async (proxy: Awaited<ReturnType<typeof lab>>, options: mysql.ConnectionOptions) =>
    failureOf(proxy.client(options));
  const counter = async (proxy: Awaited<ReturnType<typeof lab>>, name: string) =>
    (await proxy.admin(`SELECT variable_value v FROM stats_mysql_global WHERE variable_name='${name}'`))[0]?.v;

  test('with a wrong password or an unknown name, and counted', async () => {
    const proxy = await lab();
    const message = (user: string) =>
      `ProxySQL Error: Access denied for user '${user}'@'127.0.0.1' (using password: YES)`;
    expect(await refused(proxy, { password: 'wrong' })).toEqual({
      errno: 1045,
      sqlState: '28000',
      message: message('app_rw'),
    });
    expect(await refused(proxy, { user: 'nobody' })).toMatchObject({ errno: 1045, message: message('nobody') });
    expect(await counter(proxy, 'Access_Denied_Wrong_Password')).toBe('2');
  });

  test('by the back end, when the proxy knows it and the back end does not', async () => {
    const proxy = await lab();
    const ghost = await proxy.client({ user: 'ghost', password: 'unknown-to-the-back-end' });
    expect(await failureOf(ghost.query('SELECT 1'))).toMatchObject({
      errno: 1045,
      message: expect.stringMatching(/^Access denied for user 'ghost'/),
    });
    expect(await counter(proxy, 'Access_Denied_Wrong_Password')).toBe('0');
  });

  test("beyond its user's connections", async () => {
    const proxy = await lab();
    const ro = { user: 'app_ro', password: 'ro-secret' };
    const [first] = [await proxy.client(ro), await proxy.client(ro)];
    expect(await refused(proxy, ro)).toEqual({
      errno: 1226,
      sqlState: '42000',
      message: "User 'app_ro' has exceeded the 'max_user_connections' resource (current value: 2)",
    });
    expect(await counter(proxy, 'Access_Denied_Max_User_Connections')).toBe('1');
    await first.end();
    await until(
      'the place is free',
      async () =>
        (await proxy.admin("SELECT frontend_connections n FROM stats_mysql_users WHERE username='app_ro'"))[0]?.n ===
        '1',
    );
    await proxy.client(ro);
  });

  test("beyond the proxy's connections", async () => {
    const proxy = await lab({ 'mysql-max_connections': '1' });
    await proxy.client();
    expect(await refused(proxy, {})).toMatchObject({ errno: 1040, message: 'Too many connections' });
  });
});

describe('a statement is ended', () => {
  test('by a rule before it runs', async () => {
    const client = await (await lab()).client();
    expect(await failureOf(client.query('DROP TABLE stock'))).toEqual({
      errno: 1148,
      sqlState: '42000',
      message: 'blocked by rule',
    });
  });

  test('by the query timeout: 1907 for the client, 1317 in the table of errors', async () => {
    const proxy = await lab({ 'mysql-default_query_timeout': '1000' });
    const client = await proxy.client();
    expect(await failureOf(client.query('SELECT SLEEP(60)'))).toMatchObject({
      errno: 1907,
      message: 'Query execution was interrupted, query_timeout exceeded',
    });
    expect(await proxy.admin('SELECT errno FROM stats_mysql_errors')).toEqual([{ errno: '1317' }]);
    expect(await one(client, 'SELECT 1')).toBe(1);
  });

  test('with its client by KILL CONNECTION, at the back end too', async () => {
    const proxy = await lab();
    const client = await proxy.client();
    const running = failureOf(client.query('SELECT SLEEP(60) AS victim'));
    const sessionId = async () =>
      (await proxy.admin("SELECT SessionID id FROM stats_mysql_processlist WHERE info LIKE '%victim%'"))[0]?.id;
    await until('the statement runs', async () => (await sessionId()) !== undefined);
    await proxy.admin(`KILL CONNECTION ${await sessionId()}`);
    expect(await running).toMatchObject({ message: expect.stringContaining('Connection lost') });
    await until(
      'the back end is free of it',
      async () =>
        Number(
          await one(
            direct,
            "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%AS victim%' AND info NOT LIKE '%processlist%'",
          ),
        ) === 0,
    );
  });
});
