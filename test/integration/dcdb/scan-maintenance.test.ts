import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createDcdb, type Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { migrateDcdb } from '@proxywatch/core/drivers/dcdb/migrate-dcdb';
import { createDcdbSink } from '@proxywatch/core/drivers/dcdb/scan/dcdb-sink';
import { type MaintenanceOptions, maintainScanTables } from '@proxywatch/core/drivers/dcdb/scan/maintain-scan-tables';
import { DEFAULT_RETENTION } from '@proxywatch/core/drivers/dcdb/scan/retention';
import type { LogFields } from '@proxywatch/core/ports/log';
import { sql } from 'kysely';
import { type MariadbService, startMariadb } from '../../../infra/local/services/mariadb.ts';
import {
  allOf,
  batchOf,
  DAY_MS,
  emptyScanTables,
  HOUR_MS,
  keyLogOf,
  MINUTE_MS,
  NOW_MS,
  slowSqlOf,
  statsOf,
} from './scan-batches.ts';

const MIDNIGHT_MS = Date.UTC(2026, 10, 3);
/** Hours are summed up some minutes after their end. */
const LATER_MS = 10 * MINUTE_MS;

let server: MariadbService;
let db: Dcdb;

beforeAll(async () => {
  server = await startMariadb();
  db = createDcdb(server.url, { queryTimeoutMs: 60_000 });
  await migrateDcdb(db);
});
beforeEach(() => emptyScanTables(db));
afterAll(async () => {
  await db?.destroy();
  await server?.stop();
});

function maintain(nowMs: number, options: Partial<MaintenanceOptions> = {}) {
  return maintainScanTables(db, { nowMs, ...options });
}

/** Rows by partition; empty ones left out. */
async function rowsByPartition(table: string): Promise<Record<string, number>> {
  const names = await partitionsOf(table);
  const counts: [string, number][] = [];
  for (const name of names) {
    const { rows } = await sql<{ n: number }>`
      select count(*) as n from ${sql.table(table)} partition (${sql.ref(name)})`.execute(db);
    if (rows[0] && rows[0].n > 0) counts.push([name, rows[0].n]);
  }
  return Object.fromEntries(counts);
}

async function partitionsOf(table: string): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`
    select partition_name as name from information_schema.partitions
    where table_schema = database() and table_name = ${table} order by partition_ordinal_position`.execute(db);
  return rows.map(({ name }) => name);
}

async function sumsOf(table: string, fromMs: number, toMs: number): Promise<unknown> {
  const { rows } = await sql`
    select proxy, digest, sum(executions) as executions, sum(time_us) as time_us, sum(rows_sent) as rows_sent,
      sum(rows_affected) as rows_affected, min(min_time_us) as min_time_us, max(max_time_us) as max_time_us
    from ${sql.table(table)} join sql_series on id = series_id
    where to_at > ${new Date(fromMs)} and to_at <= ${new Date(toMs)}
    group by proxy, digest order by proxy, digest`.execute(db);
  return rows;
}

/** Every interval of a span, each with other numbers. */
async function fill(proxy: string, fromMs: number, toMs: number, stepMs: number): Promise<void> {
  const sink = createDcdbSink(db);
  const records = [];
  for (let atMs = fromMs + stepMs; atMs <= toMs; atMs += stepMs) {
    const i = Math.round((atMs - fromMs) / stepMs);
    for (const digest of ['0xA', `0x${i % 3}`, undefined]) {
      const times = digest && {
        digest: { hostgroup: '1', schema: 's', user: 'u', digest, minTimeUs: i, maxTimeUs: 9 * i },
      };
      records.push(
        statsOf(digest, atMs, { proxy, executions: i, timeUs: i * i, rowsSent: 3 * i, rowsAffected: 1, ...times }),
      );
    }
  }
  await sink.write(batchOf(records, { proxy }));
}

describe('partitions', () => {
  const KEEP_3 = { ...DEFAULT_RETENTION, slowDays: 3 };

  test('are made from today to a week ahead, each up to and including midnight', async () => {
    const made = await maintain(NOW_MS);
    expect(made).toMatchObject({ kind: 'done', partitionsAdded: 64, partitionsDropped: 0 });
    expect(await partitionsOf('key_logs')).toEqual([
      ...['p20261103', 'p20261104', 'p20261105', 'p20261106', 'p20261107', 'p20261108', 'p20261109', 'p20261110'],
      'pmax',
    ]);
    expect(await maintain(NOW_MS)).toMatchObject({ partitionsAdded: 0 });
    expect(await maintain(NOW_MS + DAY_MS)).toMatchObject({ partitionsAdded: 8, partitionsDropped: 0 });
    const times = [MIDNIGHT_MS - 1, MIDNIGHT_MS, MIDNIGHT_MS + 1, MIDNIGHT_MS + DAY_MS, MIDNIGHT_MS + DAY_MS + 1];
    await createDcdbSink(db).write(batchOf(times.map((happenedAtMs, i) => keyLogOf(`k${i}`, { happenedAtMs }))));
    expect(await rowsByPartition('key_logs')).toEqual({ p20261103: 4, p20261104: 1 });
  });

  test('take over what came while nobody made any', async () => {
    const times = [0, 3, 9, 30].map((days) => NOW_MS + days * DAY_MS);
    await createDcdbSink(db).write(batchOf(times.map((startedAtMs, i) => slowSqlOf(`s${i}`, { startedAtMs }))));
    expect(await rowsByPartition('slow_sql')).toEqual({ pmax: 4 });
    await maintain(NOW_MS);
    expect(await rowsByPartition('slow_sql')).toEqual({ p20261103: 1, p20261106: 1, pmax: 2 });
    await maintain(NOW_MS + 9 * DAY_MS);
    expect(await rowsByPartition('slow_sql')).toEqual({ p20261103: 1, p20261106: 1, p20261112: 1, pmax: 1 });
  });

  test('go when all that they hold is older than is kept, not a moment before', async () => {
    await maintain(NOW_MS);
    const written = [MIDNIGHT_MS + 1, MIDNIGHT_MS + DAY_MS, MIDNIGHT_MS + DAY_MS + 1];
    await createDcdbSink(db).write(batchOf(written.map((startedAtMs, i) => slowSqlOf(`s${i}`, { startedAtMs }))));
    const expiredAtMs = MIDNIGHT_MS + 4 * DAY_MS;
    await maintain(expiredAtMs - 1, { retention: KEEP_3 });
    expect(await rowsByPartition('slow_sql')).toEqual({ p20261103: 2, p20261104: 1 });
    expect((await maintain(expiredAtMs, { retention: KEEP_3 })).partitionsDropped).toBeGreaterThan(0);
    expect(await rowsByPartition('slow_sql')).toEqual({ p20261104: 1 });
  });

  test('that are about to go take nothing any more, and what comes too late is counted', async () => {
    const lines: (LogFields | undefined)[] = [];
    const log = { info() {}, warn: (_: string, fields?: LogFields) => void lines.push(fields), error() {} };
    await maintain(NOW_MS);
    await maintain(NOW_MS + 4 * DAY_MS, { retention: KEEP_3 });
    const old = slowSqlOf('old', { startedAtMs: MIDNIGHT_MS + DAY_MS });
    await createDcdbSink(db, { log }).write(
      batchOf([old, slowSqlOf('new', { startedAtMs: MIDNIGHT_MS + DAY_MS + 1 })]),
    );
    expect(await allOf(db, 'slow_sql')).toHaveLength(1);
    expect(lines).toMatchObject([{ tooOld: 1, refused: 0, cut: 0 }]);
  });

  test('are in the way of nobody who writes meanwhile', async () => {
    const sink = createDcdbSink(db);
    let [isDone, written] = [false, 0];
    const writer = (async () => {
      while (!isDone) await sink.write(batchOf([statsOf('0xA', NOW_MS + written++)]));
    })();
    for (let day = 0; day < 5; day++) await maintain(NOW_MS + day * DAY_MS);
    isDone = true;
    await writer;
    await maintain(NOW_MS + 2 * DAY_MS);
    expect(written).toBeGreaterThan(0);
    expect(await sumsOf('sql_stats_hour', 0, NOW_MS + DAY_MS)).toHaveLength(1);
  });
});

describe('roll-up', () => {
  const DAYS = 3;
  const START_MS = MIDNIGHT_MS - DAYS * DAY_MS;
  const KEEP_ALL = { ...DEFAULT_RETENTION, minuteDays: 10 };

  test('gives the same sums at each level', async () => {
    await fill('p1', START_MS, MIDNIGHT_MS, 7 * MINUTE_MS);
    await fill('p2', START_MS - 1234, MIDNIGHT_MS, 31 * MINUTE_MS);
    const outcome = await maintain(MIDNIGHT_MS + LATER_MS, { retention: KEEP_ALL });
    expect(outcome).toMatchObject({ kind: 'done', hoursRolledUp: 2 * DAYS * 24, daysRolledUp: 2 * DAYS });
    expect(await allOf(db, 'sql_stats_dirty')).toEqual([]);
    for (let i = 0; i < DAYS; i++) {
      const [fromMs, toMs] = [START_MS + i * DAY_MS, START_MS + (i + 1) * DAY_MS];
      const minutes = await sumsOf('sql_stats', fromMs, toMs);
      expect(minutes).toHaveLength(10);
      expect(await sumsOf('sql_stats_hour', fromMs, toMs)).toEqual(minutes);
      expect(await sumsOf('sql_stats_day', fromMs, toMs)).toEqual(minutes);
    }
    for (let atMs = START_MS; atMs < MIDNIGHT_MS; atMs += 5 * HOUR_MS) {
      const minutes = await sumsOf('sql_stats', atMs, atMs + HOUR_MS);
      expect(await sumsOf('sql_stats_hour', atMs, atMs + HOUR_MS)).toEqual(minutes);
    }
  });

  test('leaves an hour and a day that are not over alone', async () => {
    await fill('p1', MIDNIGHT_MS, MIDNIGHT_MS + 90 * MINUTE_MS, MINUTE_MS);
    await maintain(MIDNIGHT_MS + 90 * MINUTE_MS, { retention: KEEP_ALL });
    const hours = new Set((await allOf(db, 'sql_stats_hour')).map(({ to_at }) => Number(to_at)));
    expect([...hours]).toEqual([MIDNIGHT_MS + HOUR_MS]);
    expect(await allOf(db, 'sql_stats_day')).toEqual([]);
  });

  test('computes hours anew that rows came late for, and only those', async () => {
    await fill('p1', START_MS, START_MS + DAY_MS, 10 * MINUTE_MS);
    await maintain(MIDNIGHT_MS, { retention: KEEP_ALL });
    const late = [3, 3.5, 17].map((hours) => START_MS + hours * HOUR_MS + 12_345);
    await createDcdbSink(db).write(batchOf(late.map((toMs) => statsOf('0xLATE', toMs))));
    await createDcdbSink(db).write(batchOf(late.map((toMs) => statsOf('0xLATE', toMs))));
    expect(await maintain(MIDNIGHT_MS, { retention: KEEP_ALL })).toMatchObject({ hoursRolledUp: 2, daysRolledUp: 1 });
    const minutes = await sumsOf('sql_stats', START_MS, START_MS + DAY_MS);
    expect(minutes).toContainEqual(expect.objectContaining({ digest: '0xLATE', executions: '30' }));
    expect(await sumsOf('sql_stats_hour', START_MS, START_MS + DAY_MS)).toEqual(minutes);
    expect(await sumsOf('sql_stats_day', START_MS, START_MS + DAY_MS)).toEqual(minutes);
    expect(await maintain(MIDNIGHT_MS, { retention: KEEP_ALL })).toMatchObject({ hoursRolledUp: 0, daysRolledUp: 0 });
  });

  test('does so much at a time, and goes on', async () => {
    await fill('p1', START_MS, START_MS + DAY_MS, 20 * MINUTE_MS);
    expect(await maintain(MIDNIGHT_MS, { retention: KEEP_ALL, maxRollUps: 10 })).toMatchObject({
      kind: 'more',
      hoursRolledUp: 10,
    });
    expect(await maintain(MIDNIGHT_MS, { retention: KEEP_ALL, maxRollUps: 100 })).toMatchObject({
      kind: 'done',
      hoursRolledUp: 14,
      daysRolledUp: 1,
    });
    const minutes = await sumsOf('sql_stats', START_MS, START_MS + DAY_MS);
    expect(await sumsOf('sql_stats_day', START_MS, START_MS + DAY_MS)).toEqual(minutes);
  });

  test('that was cut off in the middle is gone on with', async () => {
    await fill('p1', START_MS, START_MS + DAY_MS, 20 * MINUTE_MS);
    await sql`rename table sql_stats_day to elsewhere`.execute(db);
    await expect(maintain(MIDNIGHT_MS, { retention: KEEP_ALL })).rejects.toThrow();
    await sql`rename table elsewhere to sql_stats_day`.execute(db);
    expect(await maintain(MIDNIGHT_MS, { retention: KEEP_ALL })).toMatchObject({ daysRolledUp: 1 });
    const minutes = await sumsOf('sql_stats', START_MS, START_MS + DAY_MS);
    expect(await sumsOf('sql_stats_day', START_MS, START_MS + DAY_MS)).toEqual(minutes);
  });

  test('comes before rows are dropped, however far it lags behind', async () => {
    await maintain(START_MS + 1);
    await fill('p1', START_MS, START_MS + DAY_MS, 10 * MINUTE_MS);
    const minutes = await sumsOf('sql_stats', START_MS, START_MS + DAY_MS);
    const muchLaterMs = START_MS + 10 * DAY_MS;
    expect(await maintain(muchLaterMs, { maxRollUps: 20 })).toMatchObject({ kind: 'more', hoursRolledUp: 20 });
    expect(await sumsOf('sql_stats', START_MS, START_MS + DAY_MS)).toEqual(minutes);
    await createDcdbSink(db).write(batchOf([statsOf('0xLATE', START_MS + 5 * HOUR_MS)]));
    await maintain(muchLaterMs);
    expect(await allOf(db, 'sql_stats')).toEqual([]);
    expect(await sumsOf('sql_stats_hour', START_MS, START_MS + DAY_MS)).toEqual(minutes);
    expect(await sumsOf('sql_stats_day', START_MS, START_MS + DAY_MS)).toEqual(minutes);
  });

  test('loses no row that is written while it runs', async () => {
    const sink = createDcdbSink(db);
    let isDone = false;
    let last = 0;
    const writer = (async () => {
      for (; !isDone || last < 50; last++) {
        const toMs = START_MS + ((last * 977) % 1_440) * MINUTE_MS + 1 + last;
        await sink.write(batchOf([statsOf('0xA', toMs), statsOf('0xB', toMs)]));
      }
    })();
    for (let i = 0; i < 30; i++) await maintain(MIDNIGHT_MS, { retention: KEEP_ALL });
    isDone = true;
    await writer;
    await maintain(MIDNIGHT_MS, { retention: KEEP_ALL });
    const minutes = await sumsOf('sql_stats', START_MS, START_MS + DAY_MS);
    expect(await sumsOf('sql_stats_hour', START_MS, START_MS + DAY_MS)).toEqual(minutes);
    expect(await sumsOf('sql_stats_day', START_MS, START_MS + DAY_MS)).toEqual(minutes);
  });

  test('keeps within the columns whatever proxies answer', async () => {
    const most = Number.MAX_SAFE_INTEGER;
    const records = Array.from({ length: 3_000 }, (_, i) => {
      return statsOf('0xA', START_MS + 1 + i * 1_000, { executions: most, timeUs: 1e300 });
    });
    await createDcdbSink(db).write(batchOf(records));
    await maintain(MIDNIGHT_MS, { retention: KEEP_ALL });
    expect(await allOf(db, 'sql_stats_day')).toMatchObject([{ executions: '18446744073709551615' }]);
  });
});

describe('maintenance', () => {
  test('is done by one at a time', async () => {
    const gate = Promise.withResolvers<void>();
    const holding = Promise.withResolvers<void>();
    const holder = db.connection().execute(async (connection) => {
      await sql`select get_lock(concat('proxywatch:scan:', md5(database())), 0)`.execute(connection);
      holding.resolve();
      await gate.promise;
      await sql`do release_lock(concat('proxywatch:scan:', md5(database())))`.execute(connection);
    });
    await holding.promise;
    expect(await maintain(NOW_MS)).toMatchObject({ kind: 'busy', partitionsAdded: 0 });
    gate.resolve();
    await holder;
    const clients = Array.from({ length: 3 }, () => createDcdb(server.url, { maxConnections: 1 }));
    const outcomes = await Promise.all(clients.map((client) => maintainScanTables(client, { nowMs: NOW_MS })));
    await Promise.all(clients.map((client) => client.destroy()));
    expect(outcomes.reduce((sum, { partitionsAdded }) => sum + partitionsAdded, 0)).toBe(64);
  });

  test('forgets names that no row refers to any more', async () => {
    const sink = createDcdbSink(db);
    await sink.write(batchOf([statsOf('0xOLD', NOW_MS), statsOf('0xNEW', NOW_MS)]));
    await sink.write(batchOf([statsOf('0xNEW', NOW_MS + 2 * DAY_MS)]));
    expect(await maintain(NOW_MS + 408 * DAY_MS)).toMatchObject({ namesPurged: 1 });
    expect(await allOf(db, 'sql_digests')).toMatchObject([{ digest: '0xNEW' }]);
    expect(await allOf(db, 'sql_series')).toMatchObject([{ digest: '0xNEW' }]);
  });

  test('refuses to drop a level before the next one is made from it', async () => {
    const wrong = { ...DEFAULT_RETENTION, minuteDays: 40 };
    await expect(maintain(NOW_MS, { retention: wrong })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const none = { ...DEFAULT_RETENTION, slowDays: 0 };
    await expect(maintain(NOW_MS, { retention: none })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('says that the database is away', async () => {
    const nobody = createDcdb('mysql://u:p@127.0.0.1:1/proxywatch');
    await expect(maintainScanTables(nobody, { nowMs: NOW_MS })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await nobody.destroy();
  });
});
