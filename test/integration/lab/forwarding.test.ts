import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';
import type { MariadbService } from '../../../infra/local/services/mariadb.ts';
import { closeLabs, failureOf, startBackend, startLab } from '../../support/lab-traffic.ts';

let backend: MariadbService;
let direct: Connection;

const EXACT = { supportBigNumbers: true, bigNumberStrings: true, dateStrings: true } as const;

beforeAll(async () => {
  backend = await startBackend();
  direct = await mysql.createConnection({ uri: backend.adminUrl, database: 'shop', ...EXACT });
  await direct.query(`CREATE TABLE types (i INT, big BIGINT UNSIGNED, d DECIMAL(20,6), f DOUBLE, t DATETIME(6), day DATE,
    s VARCHAR(100) CHARACTER SET utf8mb4, b BLOB, e ENUM('x','y'), bits BIT(4), y YEAR)`);
  await direct.query(`INSERT INTO types VALUES (NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL),
    (-1, 18446744073709551615, 12345678901234.567890, 1e300, '2026-11-23 01:02:03.456789', '2026-11-23',
    'größe 😀 ''quoted'' \\\\', x'00ff10', 'y', b'1010', 2026)`);
  await direct.query(
    `CREATE PROCEDURE two_results() BEGIN SELECT 1 AS one; SELECT 2 AS two; UPDATE stock SET n=n; END`,
  );
});
afterEach(closeLabs);
afterAll(async () => {
  await direct?.end();
  await backend?.stop();
});

const lab = () => startLab(backend.port);

describe('through a lab proxy a client sees what it sees without', () => {
  test.each(['query', 'execute'] as const)('in rows and columns of %s', async (how) => {
    const client = await (await lab()).client(EXACT);
    const sql = 'SELECT * FROM types ORDER BY i';
    const run = (connection: Connection) =>
      how === 'query' ? connection.query<RowDataPacket[]>(sql) : connection.execute<RowDataPacket[]>(sql);
    const seen = await run(client);
    const expected = await run(direct);
    const describeColumns = (fields: readonly mysql.FieldPacket[]) =>
      fields.map(({ name, orgTable, columnType, columnLength, decimals, flags, characterSet }) => {
        return { name, orgTable, columnType, columnLength, decimals, flags, characterSet };
      });
    expect(seen[0]).toEqual(expected[0]);
    expect(describeColumns(seen[1])).toEqual(describeColumns(expected[1]));
  });

  test.each([
    "UPDATE stock SET n=n WHERE sku='a'",
    "INSERT INTO orders (cust, note) VALUES (1,'x'),(2,'y')",
    "INSERT IGNORE INTO stock VALUES ('a',1),('b',2)",
    'DELETE FROM orders WHERE id < 0',
    'CALL two_results()',
  ])('in the result of %s', async (sql) => {
    const client = await (await lab()).client(EXACT);
    const [seen] = await client.query(sql);
    const [expected] = await direct.query(sql);
    // An auto-increment goes on between the two.
    const withoutId = (result: unknown) =>
      JSON.parse(JSON.stringify(result), (key, value) => (key === 'insertId' ? Boolean(Number(value)) : value));
    expect(withoutId(seen)).toEqual(withoutId(expected));
  });

  test.each([
    'SELEC 1',
    'SELECT nocol FROM stock',
    'SELECT * FROM nope_table',
    "INSERT INTO stock VALUES ('a',1)",
    'SELECT n FROM stock WHERE sku=(SELECT sku FROM stock)',
    'SELECT 1; SELECT 2',
    '',
  ])('in the error of %j', async (sql) => {
    const client = await (await lab()).client();
    expect(await failureOf(client.query(sql))).toEqual(await failureOf(direct.query(sql)));
    expect((await client.query('SELECT 1 AS alive'))[0]).toEqual([{ alive: 1 }]);
  });

  test('in the error of a refused statement, whichever way it is sent', async () => {
    const client = await (await lab()).client({ user: 'app_ro', password: 'ro-secret' });
    const denied = { errno: 1142, sqlState: '42000', message: expect.stringContaining('DELETE command denied') };
    expect(await failureOf(client.query('DELETE FROM stock'))).toEqual(denied);
    expect(await failureOf(client.execute('DELETE FROM stock'))).toEqual(denied);
  });

  test('in warnings, which are asked for on the connection where they arose', async () => {
    const client = await (await lab()).client();
    await client.query("SELECT 'abc' + 1");
    const [warnings] = await client.query<RowDataPacket[]>('SHOW WARNINGS');
    expect(warnings).toMatchObject([{ Code: 1292, Message: "Truncated incorrect DOUBLE value: 'abc'" }]);
  });

  test('in many rows and in one value of many megabytes', async () => {
    const client = await (await lab()).client();
    const [rows] = await client.query<RowDataPacket[]>("SELECT seq, REPEAT('x', 50) AS pad FROM seq_1_to_60000");
    expect(rows).toHaveLength(60_000);
    expect(rows.at(-1)).toEqual({ seq: 60_000, pad: 'x'.repeat(50) });
    const [wide] = await client.query<RowDataPacket[]>("SELECT REPEAT('abc', 5000000) AS v");
    expect(wide[0]?.v).toBe('abc'.repeat(5_000_000));
  });

  test('in a statement of many megabytes', async () => {
    const client = await (await lab()).client();
    const [rows] = await client.query<RowDataPacket[]>('SELECT LENGTH(?) AS bytes', ['ü'.repeat(4_000_000)]);
    expect(rows).toEqual([{ bytes: 8_000_000 }]);
  });
});

describe('prepared statements', () => {
  test('take and give values of all kinds', async () => {
    const client = await (await lab()).client(EXACT);
    const values = [null, -5, '9223372036854775807', 'größe 😀', Buffer.from([0, 255]), 1.5, true];
    const sql = 'SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e, ? AS f, ? AS g';
    expect((await client.execute(sql, values))[0]).toEqual((await direct.execute(sql, values))[0]);
  });

  test('run on whichever connection is free, prepared there when first needed', async () => {
    const proxy = await lab();
    const clients = await Promise.all(Array.from({ length: 6 }, () => proxy.client()));
    const rounds = Array.from({ length: 10 }, (_, round) =>
      clients.map(async (client, i) => {
        const [rows] = await client.execute('SELECT ? AS who, SLEEP(0.002) AS z', [round * 10 + i]);
        return rows;
      }),
    );
    const seen = (await Promise.all(rounds.flat())).map((rows) => (rows as RowDataPacket[])[0]?.who);
    expect(seen).toEqual(rounds.flatMap((_, round) => clients.map((__, i) => round * 10 + i)));
  });

  test('mean the table of the schema they were prepared in', async () => {
    await direct.query('CREATE TABLE crm.stock AS SELECT 99 AS n');
    const proxy = await lab();
    const client = await proxy.client();
    const n = async () => (await client.execute<RowDataPacket[]>('SELECT MAX(n) AS n FROM stock'))[0][0]?.n;
    expect(await n()).toBe(30);
    const other = await proxy.client({ database: 'crm' });
    expect((await other.execute<RowDataPacket[]>('SELECT MAX(n) AS n FROM stock'))[0][0]?.n).toBe(99);
  });

  test('can be closed and prepared again, more of them than one connection holds', async () => {
    const client = await (await lab()).client();
    for (let i = 0; i < 50; i += 1) {
      const sql = `SELECT ${i % 30} AS n, ? AS x`;
      expect((await client.execute(sql, [i]))[0]).toEqual([{ n: i % 30, x: i }]);
      client.unprepare(sql);
    }
  });
});

describe('a command that a lab proxy does not know', () => {
  test('is refused loudly', async () => {
    const client = await (await lab()).client();
    expect(await failureOf(client.changeUser({ user: 'app_ro', password: 'ro-secret' }))).toMatchObject({
      errno: 1047,
      message: expect.stringContaining('not supported'),
    });
  });

  test('pings and resets of the connection are known', async () => {
    const client = await (await lab()).client();
    await client.ping();
    await client.query('SET @x=1');
    await client.reset();
    expect((await client.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
  });
});
