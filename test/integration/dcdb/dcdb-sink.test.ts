import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ScanRecord } from '@proxywatch/core/domain/scan/scan-record';
import { createDcdb, type Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { migrateDcdb } from '@proxywatch/core/drivers/dcdb/migrate-dcdb';
import { createDcdbSink } from '@proxywatch/core/drivers/dcdb/scan/dcdb-sink';
import { recordScanRun } from '@proxywatch/core/drivers/dcdb/scan/scan-run-repository';
import type { LogFields } from '@proxywatch/core/ports/log';
import { sql } from 'kysely';
import { type MariadbService, startMariadb } from '../../../infra/local/services/mariadb.ts';
import {
  allOf,
  batchOf,
  emptyScanTables,
  errorsOf,
  keyLogOf,
  NOW_MS,
  slowSqlOf,
  statsOf,
  transactionOf,
} from './scan-batches.ts';

let server: MariadbService;
let db: Dcdb;

beforeAll(async () => {
  server = await startMariadb();
  db = createDcdb(server.url);
  await migrateDcdb(db);
});
beforeEach(() => emptyScanTables(db));
afterAll(async () => {
  await db?.destroy();
  await server?.stop();
});

function sinkWithLog() {
  const lines: (LogFields | undefined)[] = [];
  const warn = (_: string, fields?: LogFields) => void lines.push(fields);
  return { sink: createDcdbSink(db, { log: { info() {}, warn, error() {} } }), lines };
}

describe('the same batch twice', () => {
  const KINDS: readonly [string, readonly ScanRecord[]][] = [
    ['sql_stats', [statsOf('0xA', NOW_MS), statsOf('0xB', NOW_MS), statsOf(undefined, NOW_MS)]],
    ['sql_errors', [errorsOf('a'), errorsOf('b', { source: 'frontend', errno: 1045 })]],
    ['slow_sql', [slowSqlOf('a'), slowSqlOf('b', { source: 'inferred', isExact: false })]],
    ['slow_transactions', [transactionOf('a'), transactionOf('b', { version: 3, state: 'closed' })]],
    ['key_logs', [keyLogOf('a'), keyLogOf('b', { event: 'drift-begin' })]],
  ];

  test.each(KINDS)('is in %s once, whichever process writes it', async (table, records) => {
    const sink = createDcdbSink(db);
    await sink.write(batchOf(records));
    const once = await allOf(db, table);
    expect(once).toHaveLength(records.length);
    await sink.write(batchOf(records));
    await createDcdbSink(db).write(batchOf(records));
    expect(await allOf(db, table)).toEqual(once);
  });

  test('written at several places at once is there once', async () => {
    const records = Array.from({ length: 300 }, (_, i) => statsOf(`0x${i}`, NOW_MS));
    const batches = [records, records.toReversed(), records].map((all) => batchOf(all));
    await Promise.all(batches.map((batch) => createDcdbSink(db).write(batch)));
    expect(await allOf(db, 'sql_stats')).toHaveLength(300);
    expect(await allOf(db, 'sql_series')).toHaveLength(300);
  });
});

describe('rows of sql_stats', () => {
  test('hold the interval of a digest, which sql_series names', async () => {
    await createDcdbSink(db).write(batchOf([statsOf('0xA', NOW_MS), statsOf(undefined, NOW_MS, { executions: 3 })]));
    const { rows } = await sql`
      select proxy, namespace, digest, hostgroup, schema_name, user_name, from_at, to_at, executions, time_us, rows_sent,
        rows_affected, min_time_us, max_time_us
      from sql_stats join sql_series on id = series_id order by digest desc`.execute(db);
    const common = { proxy: 'p1', namespace: 'shop', from_at: new Date(NOW_MS - 60_000), to_at: new Date(NOW_MS) };
    const sums = { time_us: 5_000, rows_sent: 30, rows_affected: 1 };
    const names = { digest: '0xA', hostgroup: '10', schema_name: 'orders', user_name: 'app' };
    const nobody = { digest: '', hostgroup: '', schema_name: '', user_name: '' };
    expect(rows).toEqual([
      { ...common, ...sums, ...names, executions: 10, min_time_us: 3, max_time_us: 900 },
      { ...common, ...sums, ...nobody, executions: 3, min_time_us: null, max_time_us: null },
    ]);
  });

  test('tell digests apart by hostgroup, schema, user and namespace', async () => {
    const digest = { hostgroup: '10', schema: 'orders', user: 'app', digest: '0xA' };
    const records = [
      statsOf('0xA', NOW_MS, { digest }),
      statsOf('0xA', NOW_MS, { digest: { ...digest, hostgroup: '20' } }),
      statsOf('0xA', NOW_MS, { digest: { ...digest, schema: 'Orders' } }),
      statsOf('0xA', NOW_MS, { digest: { ...digest, user: '' } }),
      statsOf('0xA', NOW_MS, { namespace: 'other', digest }),
    ];
    await createDcdbSink(db).write(batchOf(records));
    expect(await allOf(db, 'sql_stats')).toHaveLength(records.length);
    expect(await allOf(db, 'sql_digests')).toHaveLength(1);
  });

  test('keep the text of a digest once it came, and when it was first and last seen', async () => {
    const sink = createDcdbSink(db);
    const withText = (text: string, toMs: number) => {
      return batchOf([statsOf('0xA', toMs, { digest: { hostgroup: '1', schema: '', user: '', digest: '0xA', text } })]);
    };
    const day = 86_400_000;
    await sink.write(batchOf([statsOf('0xA', NOW_MS)]));
    expect(await allOf(db, 'sql_digests')).toMatchObject([{ text: null }]);
    await sink.write(withText('SELECT ?', NOW_MS + 1));
    await sink.write(withText('select something else', NOW_MS + 2));
    await createDcdbSink(db).write(withText('and yet another', NOW_MS + day));
    await sink.write(withText('SELECT ?', NOW_MS + 2 * day));
    expect(await allOf(db, 'sql_digests')).toEqual([
      {
        digest: '0xA',
        text: 'SELECT ?',
        first_seen_at: new Date(NOW_MS),
        last_seen_at: new Date(NOW_MS + 2 * day),
      },
    ]);
  });
});

describe('proxies that have rows', () => {
  test('are noted under the namespace that they had, former ones too, and once a day', async () => {
    const sink = createDcdbSink(db);
    const day = 86_400_000;
    await sink.write(batchOf([statsOf('0xA', NOW_MS)]));
    await sink.write(batchOf([slowSqlOf('s', { proxy: 'p2' })]));
    await sink.write(batchOf([slowSqlOf('t')], { observedAtMs: NOW_MS + 1 }));
    await sink.write(batchOf([statsOf('0xA', NOW_MS + day, { namespace: 'moved' })]));
    await createDcdbSink(db).write(batchOf([statsOf('0xA', NOW_MS + day, { namespace: 'moved' })]));
    const [first, second] = [new Date(NOW_MS), new Date(NOW_MS + day)];
    expect(await allOf(db, 'scan_proxies')).toEqual([
      { namespace: 'moved', proxy: 'p1', first_seen_at: second, last_seen_at: second },
      { namespace: 'shop', proxy: 'p1', first_seen_at: first, last_seen_at: first },
      { namespace: 'shop', proxy: 'p2', first_seen_at: first, last_seen_at: first },
    ]);
  });
});

describe('events', () => {
  test('of which a newer version came are not taken back by an older one', async () => {
    const sink = createDcdbSink(db);
    const closed = transactionOf('t', { version: 4, state: 'closed', durationMs: 12_000, statement: 'COMMIT' });
    await sink.write(batchOf([transactionOf('t')]));
    await sink.write(batchOf([transactionOf('t', { version: 2, durationMs: 8_000 }), closed]));
    const newest = await allOf(db, 'slow_transactions');
    expect(newest).toMatchObject([{ version: 4, state: 'closed', duration_ms: 12_000, statement: 'COMMIT' }]);
    await sink.write(batchOf([transactionOf('t', { version: 3, durationMs: 10_000 }), transactionOf('t')]));
    expect(await allOf(db, 'slow_transactions')).toEqual(newest);
  });

  test('are one although their time comes out different when they are read again', async () => {
    const sink = createDcdbSink(db);
    await sink.write(batchOf([transactionOf('t'), transactionOf('t', { version: 2, startedAtMs: NOW_MS - 11_000 })]));
    await sink.write(batchOf([transactionOf('t', { version: 3, startedAtMs: NOW_MS - 13_000, durationMs: 9_000 })]));
    expect(await allOf(db, 'slow_transactions')).toMatchObject([
      { version: 3, duration_ms: 9_000, started_at: new Date(NOW_MS - 12_000) },
    ]);
    await sink.write(batchOf([slowSqlOf('s')]));
    await sink.write(batchOf([slowSqlOf('s', { startedAtMs: NOW_MS })]));
    expect(await allOf(db, 'slow_sql')).toHaveLength(1);
    await sink.write(batchOf([keyLogOf('k')]));
    await sink.write(batchOf([keyLogOf('k', { happenedAtMs: NOW_MS })]));
    expect(await allOf(db, 'key_logs')).toHaveLength(1);
  });

  test('hold what was read', async () => {
    const sink = createDcdbSink(db);
    await sink.write(batchOf([errorsOf('e', { server: 'db1:3306', lastError: "Table 'x.y' doesn't exist" })]));
    await sink.write(batchOf([slowSqlOf('s', { rowsSent: 1, errno: 0 })]));
    await sink.write(batchOf([keyLogOf('k')]));
    expect(await allOf(db, 'sql_errors')).toMatchObject([
      { source: 'backend', errno: 1146, error_count: 7, server: 'db1:3306', user_name: 'app', schema_name: null },
    ]);
    expect(await allOf(db, 'slow_sql')).toMatchObject([
      { duration_us: 1_500_000, is_exact: 1, text: 'SELECT SLEEP(?)', rows_sent: 1, errno: 0, is_cut: 0, server: null },
    ]);
    expect(await allOf(db, 'key_logs')).toMatchObject([{ event: 'restart', detail: { before: 90_000, after: 2 } }]);
  });
});

describe('records that do not fit', () => {
  const BAD = ["NUL \0 quote ' back\\slash \\xE9", 'emoji 🐬🎉', 'half a pair \ud83d end', '名前'];

  test('come back as they are where they can', async () => {
    const sink = createDcdbSink(db);
    const records = BAD.map((text, i) => slowSqlOf(`s${i}`, { text, user: text, startedAtMs: NOW_MS + i }));
    await sink.write(batchOf(records));
    const stored = (await allOf(db, 'slow_sql')).toSorted((a, b) => Number(a.started_at) - Number(b.started_at));
    expect(stored.map(({ text }) => text)).toEqual(BAD.map((text) => text.toWellFormed()));
    const digests = BAD.map((text, i) => {
      return statsOf('x', NOW_MS, { digest: { hostgroup: '1', schema: text, user: text, digest: `0x${i}`, text } });
    });
    await sink.write(batchOf(digests));
    expect((await allOf(db, 'sql_digests')).map(({ text }) => text)).toEqual(BAD.map((text) => text.toWellFormed()));
  });

  test('are cut and marked, and hold nobody up', async () => {
    const { sink, lines } = sinkWithLog();
    const long = '🐬'.repeat(50_000);
    await sink.write(
      batchOf([
        slowSqlOf('text', { text: long }),
        slowSqlOf('name', { user: `${'u'.repeat(500)}1`, schema: long, server: long, digest: long }),
        slowSqlOf('numbers', { durationUs: 1e30, rowsSent: -5, errno: Number.NaN, eventId: 'not hexadecimal' }),
        slowSqlOf('fine'),
      ]),
    );
    await sink.write(batchOf([keyLogOf('k', { message: long, detail: { text: long, [long]: 1, none: Number.NaN } })]));
    const rows = await allOf(db, 'slow_sql');
    expect(rows).toHaveLength(4);
    expect(rows.filter(({ is_cut }) => is_cut === 1)).toHaveLength(3);
    expect(await allOf(db, 'key_logs')).toMatchObject([{ is_cut: 1 }]);
    expect(lines).toMatchObject([{ cut: 8, refused: 0 }, { cut: 3 }]);
  });

  test('are left out when the database refuses them all the same', async () => {
    await sql`alter table slow_sql modify schema_name varchar(6) null`.execute(db);
    const { sink, lines } = sinkWithLog();
    const records = Array.from({ length: 100 }, (_, i) =>
      slowSqlOf(`s${i}`, i % 40 === 7 ? { schema: 'too long' } : {}),
    );
    await sink.write(batchOf(records));
    await sql`alter table slow_sql modify schema_name varchar(128) character set utf8mb4 collate utf8mb4_bin null`.execute(
      db,
    );
    expect(await allOf(db, 'slow_sql')).toHaveLength(97);
    expect(lines).toMatchObject([{ refused: 3, cut: 0, tooOld: 0 }]);
  });

  test('spoil no other batch that is written at the same time', async () => {
    await sql`alter table slow_sql modify schema_name varchar(6) null`.execute(db);
    const { sink, lines } = sinkWithLog();
    const proxies = Array.from({ length: 40 }, (_, i) => `p${i}`);
    await Promise.all(
      proxies.map((proxy, i) => {
        const bad = slowSqlOf(`bad${i}`, { proxy, schema: i === 17 ? 'too long' : 'fits' });
        return sink.write(batchOf([slowSqlOf(`good${i}`, { proxy }), bad]));
      }),
    );
    await sql`alter table slow_sql modify schema_name varchar(128) character set utf8mb4 collate utf8mb4_bin null`.execute(
      db,
    );
    expect(await allOf(db, 'slow_sql')).toHaveLength(79);
    expect(lines).toEqual([expect.objectContaining({ proxy: 'p17', refused: 1 })]);
  });

  test('of status have no table', async () => {
    const status = {
      kind: 'status',
      eventId: '',
      proxy: 'p1',
      namespace: '',
      observedAtMs: 0,
      reachable: true,
    } as const;
    await expect(createDcdbSink(db).write(batchOf([status]))).rejects.toMatchObject({ code: 'SINK_REFUSED' });
  });

  test('are 100,000 in one batch at times', async () => {
    const records = Array.from({ length: 100_000 }, (_, i) => errorsOf(`e${i}`, { lastError: `error ${i}` }));
    const sink = createDcdbSink(db);
    await sink.write(batchOf(records));
    await sink.write(batchOf(records));
    const { rows } = await sql<{ n: number }>`select count(*) as n, sum(error_count) as sum from sql_errors`.execute(
      db,
    );
    expect(rows).toEqual([{ n: 100_000, sum: '700000' }]);
  }, 60_000);
});

test('a run of the scanner is recorded once', async () => {
  const run = {
    tickMs: NOW_MS,
    startedAtMs: NOW_MS + 20,
    durationMs: 350,
    outcome: 'partial',
    proxies: 100,
    due: 90,
    paused: 3,
    backingOff: 7,
    damaged: 0,
    invocations: 89,
    retries: 2,
    deadLetters: 1,
    lost: 0,
    problem: 'INVOKE_FAILED: 🐬',
  } as const;
  await recordScanRun(db, run);
  await recordScanRun(db, run);
  expect(await allOf(db, 'scan_runs')).toEqual([
    {
      tick_at: new Date(NOW_MS),
      started_at: new Date(NOW_MS + 20),
      duration_ms: 350,
      outcome: 'partial',
      proxies: 100,
      due: 90,
      paused: 3,
      backing_off: 7,
      damaged: 0,
      invocations: 89,
      retries: 2,
      dead_letters: 1,
      lost: 0,
      problem: 'INVOKE_FAILED: 🐬',
    },
  ]);
});
