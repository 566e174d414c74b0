import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import mysql from 'mysql2/promise';
import { type AdminInterface, openAdminInterface } from '../../../../../../infra/local/lab/admin/admin-interface.ts';
import { temporaryFolder } from '../../../../../support/temporary-folder.ts';
import { digestRow, type FakeStats, fakeStats, rowsOf } from './support.ts';

describe('the admin interface', () => {
  let folder: string;
  let admin: AdminInterface;
  let stats: FakeStats;
  let port: number;
  const clients: mysql.Connection[] = [];

  async function start(
    options: { readonly firstRun?: readonly string[]; readonly version?: string } = {},
  ): Promise<void> {
    admin = openAdminInterface({ dataDir: folder, log: () => undefined, ...options });
    stats = fakeStats();
    ({ port } = await admin.listen({ host: '127.0.0.1', port: 0, stats }));
  }
  async function stop(): Promise<void> {
    for (const client of clients.splice(0)) client.destroy();
    await admin.close();
  }
  async function client(options: mysql.ConnectionOptions = {}): Promise<mysql.Connection> {
    const address = { host: '127.0.0.1', port, user: 'admin', password: 'admin' };
    const connection = await mysql.createConnection({ ...address, ...options });
    clients.push(connection);
    return connection;
  }
  beforeEach(async () => {
    folder = temporaryFolder();
    await start();
  });
  afterEach(stop);

  test('has its runtime before anybody listens, from what the first run brings along', async () => {
    await stop();
    folder = temporaryFolder();
    await start({ firstRun: ["INSERT INTO mysql_servers (hostgroup_id, hostname) VALUES (10, 'db')"] });
    expect(admin.runtime.servers()).toMatchObject([{ hostgroup: 10, host: 'db' }]);
    await stop();
    await start({ firstRun: ["INSERT INTO mysql_servers (hostgroup_id, hostname) VALUES (20, 'other')"] });
    expect(admin.runtime.servers()).toMatchObject([{ hostgroup: 10, host: 'db' }]);
  });

  test('names the version it is told to be', async () => {
    await stop();
    folder = temporaryFolder();
    await start({ version: '3.0.1' });
    expect(await rowsOf(await client(), 'SELECT @@version')).toEqual([['3.0.1']]);
  });

  test('says that its port is taken', async () => {
    const second = openAdminInterface({ dataDir: `${folder}/second`, log: () => undefined });
    await expect(second.listen({ host: '127.0.0.1', port, stats })).rejects.toMatchObject({ code: 'PORT_TAKEN' });
    await second.close();
  });

  test('new credentials count from the next log-in after LOAD', async () => {
    const first = await client();
    await first.query("SET admin-admin_credentials = 'admin:new'");
    await client();
    await first.query('LOAD ADMIN VARIABLES TO RUNTIME');
    await expect(client()).rejects.toMatchObject({ errno: 1045 });
    await client({ password: 'new' });
  });

  test('rules that are loaded start counting at zero', async () => {
    await (await client()).query('LOAD MYSQL QUERY RULES TO RUNTIME');
    expect(stats.rulesLoaded).toBe(1);
  });

  test('reads 100,000 digests, each one right', async () => {
    const digests = Array.from({ length: 100_000 }, (_, i) => digestRow(i));
    stats.tables.set('stats_mysql_query_digest', digests);
    const connection = await client();
    const rows = await rowsOf(connection, 'SELECT * FROM stats_mysql_query_digest');
    expect(rows).toHaveLength(100_000);
    expect(rows.filter((row, i) => row.some((value, column) => value !== String(digests[i]?.[column])))).toEqual([]);
  });

  test('answers the digest read in one statement', async () => {
    const text = 'it\'s "😀"\n\u001e\u001f';
    stats.tables.set('stats_mysql_global', [['ProxySQL_Uptime', '61']]);
    stats.tables.set('stats_mysql_query_digest', [digestRow(1), [...digestRow(2)].with(5, text)]);
    const [row] = await rowsOf(
      await client(),
      `SELECT strftime('%s','now'),
              (SELECT variable_value FROM stats_mysql_global WHERE variable_name='ProxySQL_Uptime'),
              COUNT(*), SUM(count_star), SUM(sum_time), MIN(first_seen),
              group_concat(CASE WHEN strftime('%s','now')-last_seen <= 5000000000
                THEN digest||char(31)||count_star||char(31)||hex(digest_text) END, char(30))
       FROM stats_mysql_query_digest`,
    );
    expect(row?.slice(1, 6)).toEqual(['61', '2', '3', '3000', '1']);
    const last = row?.[6]?.split('\u001e')[1]?.split('\u001f') ?? [];
    expect(last.slice(0, 2)).toEqual(['0x0000000000000002', '2']);
    expect(Buffer.from(last[2] ?? '', 'hex').toString()).toBe(text);
  });

  // The row's packet is 8 bytes longer than its big value, from 16 MB on 13: around whole multiples of the limit.
  test.each([0xffffff - 9, 0xffffff - 8, 0xffffff - 7, 2 * 0xffffff - 13, 40_000_000])(
    'a value of %d bytes arrives whole',
    async (length) => {
      const sql = `SELECT CAST(zeroblob(${length}) AS BLOB) AS big, 'end' AS small`;
      const [rows] = await (await client()).query<mysql.RowDataPacket[]>({ sql, typeCast: false });
      expect([rows[0]?.big.length, rows[0]?.small.toString()]).toEqual([length, 'end']);
    },
  );

  test('a statement of more than 16 MB is read', async () => {
    const text = 'x'.repeat(17_000_000);
    expect(await rowsOf(await client(), `SELECT length('${text}') AS n`)).toEqual([['17000000']]);
  });

  test('statements that are sent without waiting are answered in order', async () => {
    const connection = await client();
    await connection.query('PROXYSQL PAUSE');
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => rowsOf(connection, `SELECT ${i} AS n`)));
    expect(answers).toEqual(Array.from({ length: 50 }, (_, i) => [[String(i)]]));
  });

  test('a client that talks nonsense, and one that vanishes, harm no other', async () => {
    const steady = await client();
    const nonsense = connect(port, '127.0.0.1');
    await new Promise((resolve) => {
      nonsense.once('close', resolve).on('error', () => undefined);
      nonsense.write(Buffer.alloc(100, 0x41));
      nonsense.end();
      nonsense.resume();
    });
    const vanishing = await client();
    const pending = vanishing.query('SELECT hex(zeroblob(9000000))').catch(() => undefined);
    vanishing.destroy();
    void pending;
    expect(await rowsOf(steady, 'SELECT 1')).toEqual([['1']]);
  });
});
