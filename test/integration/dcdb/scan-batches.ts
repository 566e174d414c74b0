import { eventIdOf } from '@proxywatch/core/domain/scan/event-id';
import type {
  KeyLogRecord,
  ScanBatch,
  ScanRecord,
  SlowSqlRecord,
  SlowTransactionRecord,
  SqlErrorsRecord,
  SqlStatsRecord,
} from '@proxywatch/core/domain/scan/scan-record';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { PARTITIONED } from '@proxywatch/core/drivers/dcdb/scan/upsert-table';
import { sql } from 'kysely';

export const NOW_MS = Date.UTC(2026, 10, 3, 12, 30);
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export function batchOf(records: readonly ScanRecord[], of: Partial<ScanBatch> = {}): ScanBatch {
  const { proxy = 'p1', namespace = 'shop', observedAtMs = NOW_MS, kind = 'sqlStats' } = records[0] ?? {};
  return {
    id: eventIdOf('batch', proxy, observedAtMs),
    proxy,
    namespace,
    collector: kind,
    observedAtMs,
    records,
    ...of,
  };
}

export function statsOf(digest: string | undefined, toMs: number, of: Partial<SqlStatsRecord> = {}): SqlStatsRecord {
  const { proxy = 'p1' } = of;
  return {
    kind: 'sqlStats',
    eventId: eventIdOf('sqlStats', proxy, toMs, digest ?? ''),
    proxy,
    namespace: 'shop',
    observedAtMs: toMs,
    fromMs: toMs - MINUTE_MS,
    toMs,
    executions: 10,
    timeUs: 5_000,
    rowsSent: 30,
    rowsAffected: 1,
    ...(digest !== undefined && {
      digest: { hostgroup: '10', schema: 'orders', user: 'app', digest, minTimeUs: 3, maxTimeUs: 900 },
    }),
    ...of,
  };
}

function base(kind: string, name: string) {
  return { eventId: eventIdOf(kind, name), proxy: 'p1', namespace: 'shop', observedAtMs: NOW_MS };
}

export function errorsOf(name: string, of: Partial<SqlErrorsRecord> = {}): SqlErrorsRecord {
  return {
    ...base('sqlErrors', name),
    kind: 'sqlErrors',
    fromMs: NOW_MS - MINUTE_MS,
    toMs: NOW_MS,
    source: 'backend',
    errno: 1146,
    count: 7,
    user: 'app',
    ...of,
  };
}

export function slowSqlOf(name: string, of: Partial<SlowSqlRecord> = {}): SlowSqlRecord {
  return {
    ...base('slowSql', name),
    kind: 'slowSql',
    source: 'event',
    durationUs: 1_500_000,
    isExact: true,
    startedAtMs: NOW_MS - 1_500,
    digest: '0xA2E81530440E4377',
    text: 'SELECT SLEEP(?)',
    user: 'app',
    ...of,
  };
}

export function transactionOf(name: string, of: Partial<SlowTransactionRecord> = {}): SlowTransactionRecord {
  return {
    ...base('slowTransactions', name),
    kind: 'slowTransactions',
    version: 1,
    state: 'open',
    startedAtMs: NOW_MS - 12_000,
    durationMs: 6_000,
    sessionId: '42',
    user: 'app',
    schema: 'orders',
    hostgroup: '10',
    ...of,
  };
}

export function keyLogOf(name: string, of: Partial<KeyLogRecord> = {}): KeyLogRecord {
  return {
    ...base('keyLogs', name),
    kind: 'keyLogs',
    event: 'restart',
    severity: 'warning',
    happenedAtMs: NOW_MS - 2_000,
    message: 'the proxy was restarted',
    detail: { before: 90_000, after: 2 },
    ...of,
  };
}

/** All rows of a table in the order of its key, with what identifies no content left in. */
export async function allOf(db: Dcdb, table: string): Promise<readonly Record<string, unknown>[]> {
  const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(table)} order by 1, 2, 3`.execute(db);
  return rows;
}

/** Back to what a migration leaves, with the partitions gone. */
export async function emptyScanTables(db: Dcdb): Promise<void> {
  for (const table of Object.keys(PARTITIONED)) {
    await sql`truncate table ${sql.table(table)}`.execute(db);
    const { rows } = await sql<{ name: string }>`
      select partition_name as name from information_schema.partitions
      where table_schema = database() and table_name = ${table} and partition_name <> 'pmax'`.execute(db);
    if (rows.length === 0) continue;
    const names = sql.raw(rows.map(({ name }) => name).join(', '));
    await sql`alter table ${sql.table(table)} drop partition ${names}`.execute(db);
  }
  for (const table of ['sql_series', 'sql_digests', 'scan_proxies', 'sql_stats_dirty']) {
    await sql`truncate table ${sql.table(table)}`.execute(db);
  }
  await sql`update scan_floors set kept_after = '1970-01-01'`.execute(db);
}
