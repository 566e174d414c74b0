/**
 * Interval rows that the scanner's sink writes into a MariaDB per second, against the same rows written one by one, as who
 * has a row and a connection would do: a prepared statement, committed by itself. Both over one connection, into the same
 * kind of table, with the server as durable as it comes (the local services are not: their data dies with them).
 */
import { createConnection } from 'mysql2/promise';
import { startMariadb } from '../../infra/local/services/mariadb.ts';
import type { ScanBatch, SqlStatsRecord } from '../../layers/core/src/domain/scan/scan-record.ts';
import { createDcdb } from '../../layers/core/src/drivers/dcdb/create-dcdb.ts';
import { migrateDcdb } from '../../layers/core/src/drivers/dcdb/migrate-dcdb.ts';
import { createDcdbSink } from '../../layers/core/src/drivers/dcdb/scan/dcdb-sink.ts';
import { maintainScanTables } from '../../layers/core/src/drivers/dcdb/scan/maintain-scan-tables.ts';
import { SQL_STATS } from '../../layers/core/src/drivers/dcdb/scan/upsert-table.ts';
import { type BenchResult, median } from './harness/result.ts';

const PROXIES = 50;
const MINUTES = 12;
/** The top 200 and the rest. */
const DIGESTS = 201;
/** Proxies of one invocation of a large fleet, which are collected at once. */
const AT_ONCE = 25;
const ROUNDS = 3;
const NAIVE_ROWS = 4_000;
const START_MS = Date.UTC(2026, 10, 3, 12);
const MINUTE_MS = 60_000;

export async function dcdbWrite(): Promise<BenchResult[]> {
  const server = await startMariadb();
  const admin = await createConnection(server.adminUrl);
  try {
    await admin.query('set global innodb_flush_log_at_trx_commit = 1');
    const db = createDcdb(server.url);
    await migrateDcdb(db);
    await maintainScanTables(db, { nowMs: START_MS });
    await db.destroy();
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await measureSink(server.url, START_MS + round * MINUTES * MINUTE_MS));
      theirs.push(await measureSingleRows(server.url, START_MS + (ROUNDS + round) * MINUTES * MINUTE_MS));
    }
    const [value, baseline] = [median(ours), median(theirs)].map((rate) => Math.round(rate));
    if (value === undefined || baseline === undefined) throw new Error('nothing was measured');
    // Unlike in other benchmarks, more is better.
    return [{ name: 'dcdb-write', value, unit: 'rows/s', baseline, ratio: Number((value / baseline).toPrecision(4)) }];
  } finally {
    await admin.end();
    await server.stop();
  }
}

/** A new sink in each round: it has all names to look up first. */
async function measureSink(url: string, fromMs: number): Promise<number> {
  const sink = createDcdbSink(createDcdb(url, { maxConnections: 1 }));
  const batches = batchesFrom(fromMs);
  const startedMs = performance.now();
  for (let i = 0; i < batches.length; i += AT_ONCE) {
    await Promise.all(batches.slice(i, i + AT_ONCE).map((batch) => sink.write(batch)));
  }
  const tookS = (performance.now() - startedMs) / 1_000;
  await sink.close();
  return (batches.length * DIGESTS) / tookS;
}

async function measureSingleRows(url: string, fromMs: number): Promise<number> {
  const connection = await createConnection({ uri: url, timezone: 'Z', supportBigNumbers: true });
  const text = `${SQL_STATS.insert} (${SQL_STATS.columns.map(() => '?').join(', ')}) ${SQL_STATS.onDuplicate}`;
  const rows = batchesFrom(fromMs)
    .slice(0, Math.ceil(NAIVE_ROWS / DIGESTS))
    .flatMap(({ records }) => records.map((record, i) => valuesOf(record as SqlStatsRecord, i)));
  const startedMs = performance.now();
  for (const row of rows) await connection.execute(text, row);
  const tookS = (performance.now() - startedMs) / 1_000;
  await connection.end();
  return rows.length / tookS;
}

function valuesOf(record: SqlStatsRecord, seriesId: number): (string | number | Date | null)[] {
  const { proxy, fromMs, toMs, executions, timeUs, rowsSent, rowsAffected, digest } = record;
  const extremes = [digest?.minTimeUs ?? null, digest?.maxTimeUs ?? null];
  return [proxy, new Date(toMs), seriesId, new Date(fromMs), executions, timeUs, rowsSent, rowsAffected, ...extremes];
}

/** What a fleet gives minute by minute: a batch of each proxy, then the next minute. */
function batchesFrom(fromMs: number): ScanBatch[] {
  const batches: ScanBatch[] = [];
  for (let minute = 1; minute <= MINUTES; minute++) {
    for (let proxy = 0; proxy < PROXIES; proxy++) batches.push(batchOf(`orders-${proxy}`, fromMs + minute * MINUTE_MS));
  }
  return batches;
}

function batchOf(proxy: string, toMs: number): ScanBatch {
  const records = Array.from({ length: DIGESTS }, (_, i): SqlStatsRecord => {
    const digest = `0x${(0xa2e81530440e0000n + BigInt(i)).toString(16).toUpperCase()}`;
    const names = { hostgroup: '10', schema: 'order_service', user: 'order_service_rw', digest };
    const common = { proxy, namespace: 'orders', observedAtMs: toMs, fromMs: toMs - MINUTE_MS, toMs };
    const counters = { executions: 100 + i, timeUs: 731_000 - i, rowsSent: 300, rowsAffected: i % 7 };
    const isRest = i === DIGESTS - 1;
    return {
      kind: 'sqlStats',
      eventId: '',
      ...common,
      ...counters,
      ...(isRest ? {} : { digest: { ...names, minTimeUs: 310, maxTimeUs: 91_000 } }),
    };
  });
  return { id: `${proxy}-${toMs}`, proxy, namespace: 'orders', collector: 'sqlStats', observedAtMs: toMs, records };
}

if (import.meta.main) console.table(await dcdbWrite());
