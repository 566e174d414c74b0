import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { digestTextOf } from '@proxywatch/core/drivers/proxysql/digests/digest-text';
import type { RowDataPacket } from 'mysql2/promise';
import type { MariadbService } from '../../../infra/local/services/mariadb.ts';
import { closeLabs, type Lab, startBackend, startLab } from '../../support/lab-traffic.ts';
import { until } from '../../support/until.ts';

let backend: MariadbService;

beforeAll(async () => {
  backend = await startBackend();
});
afterEach(closeLabs);
afterAll(async () => {
  await backend?.stop();
});

const DIGESTS =
  'SELECT digest_text, count_star, sum_time, sum_rows_sent, sum_rows_affected FROM stats_mysql_query_digest';

async function globalOf(lab: Lab, name: string): Promise<number> {
  const [row] = await lab.admin(`SELECT variable_value v FROM stats_mysql_global WHERE variable_name='${name}'`);
  return Number(row?.v);
}

/** Statements by number, some of which fail; each has a digest that it shares with others. */
function statementOf(i: number): string {
  const shapes = [
    `SELECT n AS c${i % 40} FROM stock WHERE sku='${i}'`,
    `SELECT nocol${i % 5} FROM stock`,
    `UPDATE stock SET n=n+${i} WHERE sku='none'`,
    `SELECT COUNT(*) FROM stock WHERE n IN (${Array.from({ length: (i % 9) + 1 }, (_, k) => k + i).join(',')})`,
    `INSERT INTO orders (cust, note) VALUES ${Array.from({ length: (i % 3) + 1 }, () => `(${i},'x')`).join(',')}`,
    `SELEC ${i}`,
  ];
  return shapes[i % shapes.length] ?? '';
}

describe('statistics of real traffic', () => {
  test('count every execution of many clients exactly once, also while they are read', async () => {
    const lab = await startLab(backend.port);
    const clients = await Promise.all(Array.from({ length: 8 }, () => lab.client()));
    const expected = new Map<string, number>();
    let running = true;
    const polls: number[] = [];
    const reader = (async () => {
      while (running) {
        const [row] = await lab.admin('SELECT SUM(count_star) s FROM stats_mysql_query_digest');
        polls.push(Number(row?.s ?? 0));
      }
    })();
    await Promise.all(
      clients.map(async (client, c) => {
        for (let i = c; i < 2400; i += clients.length) {
          const sql = statementOf(i);
          const text = digestTextOf(sql);
          expected.set(text, (expected.get(text) ?? 0) + 1);
          await client.query(sql).catch(() => undefined);
        }
      }),
    );
    running = false;
    await reader;
    const seen = new Map((await lab.admin(DIGESTS)).map((row) => [row.digest_text, Number(row.count_star)]));
    expect(seen).toEqual(expected);
    expect(await globalOf(lab, 'Questions')).toBe(2400);
    expect(polls.length).toBeGreaterThan(3);
    expect(polls).toEqual([...polls].sort((a, b) => a - b));
  });

  test('agree with each other: digests, pool, commands and rules', async () => {
    const lab = await startLab(backend.port);
    const client = await lab.client();
    for (let i = 0; i < 25; i += 1) await client.query(`SELECT ${i}`);
    const sum = async (sql: string) => Number(Object.values((await lab.admin(sql))[0] ?? {})[0]);
    expect(await sum('SELECT SUM(count_star) FROM stats_mysql_query_digest')).toBe(25);
    expect(await sum('SELECT SUM(Queries) FROM stats_mysql_connection_pool')).toBe(25);
    await until('the lagging counters follow', async () => {
      const hits = await sum('SELECT hits FROM stats_mysql_query_rules WHERE rule_id=200');
      const commands = await sum("SELECT Total_cnt FROM stats_mysql_commands_counters WHERE Command='SELECT'");
      return hits === 25 && commands === 25;
    });
    const [buckets] = await lab.admin("SELECT * FROM stats_mysql_commands_counters WHERE Command='SELECT'");
    const counts = Object.entries(buckets ?? {}).filter(([name]) => name.startsWith('cnt_'));
    expect(counts.reduce((total, [, count]) => total + Number(count), 0)).toBe(25);
  });

  test('show rows sent and affected, and a PREPARE as an execution of no time', async () => {
    const lab = await startLab(backend.port);
    const client = await lab.client();
    await client.query('INSERT INTO orders (cust) VALUES (1),(2),(3)');
    for (const n of [1, 2, 3]) await client.execute('SELECT ? AS n FROM seq_1_to_4', [n]);
    const rows = await lab.admin(`${DIGESTS} ORDER BY digest_text`);
    expect(rows).toMatchObject([
      {
        digest_text: 'INSERT INTO orders (cust) VALUES (?),(?),(?)',
        count_star: '1',
        sum_rows_affected: '3',
        sum_rows_sent: '0',
      },
      { digest_text: 'SELECT ? AS n FROM seq_1_to_4', count_star: '4', sum_rows_affected: '0', sum_rows_sent: '12' },
    ]);
  });

  test('change a digest row when the statement ends, not before', async () => {
    const lab = await startLab(backend.port, { variables: { 'mysql-long_query_time': '100' } });
    const client = await lab.client();
    const running = client.query('SELECT SLEEP(0.5)');
    await until('the statement shows in the processlist', async () => {
      return (await lab.admin("SELECT info FROM stats_mysql_processlist WHERE info='SELECT SLEEP(0.5)'")).length === 1;
    });
    expect(await lab.admin(DIGESTS)).toEqual([]);
    await running;
    const [row] = await lab.admin(DIGESTS);
    expect(Number(row?.sum_time)).toBeGreaterThanOrEqual(500_000);
    expect(await globalOf(lab, 'Slow_queries')).toBe(1);
  });

  test('count errors of the back end by place and number, with the last message', async () => {
    const lab = await startLab(backend.port);
    const client = await lab.client();
    for (const sku of ['a', 'b']) await client.query(`INSERT INTO stock VALUES ('${sku}',1)`).catch(() => undefined);
    await client.execute('SELECT nocol FROM stock').catch(() => undefined);
    const rows = await lab.admin(
      'SELECT hostgroup, username, schemaname, errno, count_star, last_error FROM stats_mysql_errors ORDER BY errno',
    );
    expect(rows).toEqual([
      {
        hostgroup: '20',
        username: 'app_rw',
        schemaname: 'shop',
        errno: '1054',
        count_star: '1',
        last_error: "Unknown column 'nocol' in 'SELECT'",
      },
      {
        hostgroup: '10',
        username: 'app_rw',
        schemaname: 'shop',
        errno: '1062',
        count_star: '2',
        last_error: "Duplicate entry 'b' for key 'PRIMARY'",
      },
    ]);
  });

  test('tell a transaction from a statement that merely runs', async () => {
    const lab = await startLab(backend.port, { variables: { 'mysql-show_processlist_extended': '1' } });
    const [inTransaction, merelyRuns] = [await lab.client(), await lab.client()];
    await inTransaction.beginTransaction();
    await inTransaction.query("UPDATE stock SET n=n WHERE sku='a'");
    const running = merelyRuns.query('SELECT SLEEP(1) AS runs');
    const sessions = () =>
      lab.admin(`SELECT info, json_extract(extended_info,'$.active_transactions') active,
        json_extract(extended_info,'$.backends[0].conn.mysql.server_status') & 1 AS bit
        FROM stats_mysql_processlist ORDER BY SessionID`);
    let shown = await sessions();
    // The session shows before it has its connection to the back end.
    const isRunning = async () => {
      shown = await sessions();
      return shown.some(({ info, bit }) => info === 'SELECT SLEEP(1) AS runs' && bit !== null);
    };
    await until('both show', isRunning);
    expect(shown).toEqual([
      { info: null, active: '1', bit: '1' },
      { info: 'SELECT SLEEP(1) AS runs', active: '1', bit: '0' },
    ]);
    expect(await globalOf(lab, 'Active_Transactions')).toBe(2);
    await running;
    await inTransaction.rollback();
    expect((await sessions()).map(({ active }) => active)).toEqual(['0', '0']);
  });

  test('begin again after a _reset that anybody reads', async () => {
    const lab = await startLab(backend.port);
    const client = await lab.client();
    await client.query('SELECT 1');
    expect(await lab.admin('SELECT count_star FROM stats_mysql_query_digest_reset')).toEqual([{ count_star: '1' }]);
    await client.query('SELECT 2');
    expect(await lab.admin('SELECT count_star FROM stats_mysql_query_digest')).toEqual([{ count_star: '1' }]);
  });

  test('obey the variables that switch them', async () => {
    const lab = await startLab(backend.port, { variables: { 'mysql-query_digests_track_hostname': 'true' } });
    const client = await lab.client();
    await client.query('SELECT 1');
    for (const sql of ["SET mysql-query_digests='false'", 'LOAD MYSQL VARIABLES TO RUNTIME']) await lab.admin(sql);
    await client.query('SELECT 1 AS uncounted');
    const rows: RowDataPacket[] = await lab.admin('SELECT client_address, digest_text FROM stats_mysql_query_digest');
    expect(rows).toEqual([{ client_address: '127.0.0.1', digest_text: 'SELECT ?' }]);
  });
});
