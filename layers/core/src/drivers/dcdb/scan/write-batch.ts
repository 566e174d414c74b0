import { sql, type Transaction } from 'kysely';
import type { ScanBatch, SqlStatsRecord } from '../../../domain/scan/scan-record.ts';
import type { DcdbTables } from '../tables.ts';
import { datetimeOf, type Fit } from './fit.ts';
import type { Names } from './names.ts';
import { errorRow, keyLogRow, slowSqlRow, slowTransactionRow, statsRow } from './record-rows.ts';
import { storedTimesOf } from './stored-times.ts';
import { upsertRows, upsertValues } from './upsert-rows.ts';
import {
  KEY_LOGS,
  type Row,
  SLOW_SQL,
  SLOW_TRANSACTIONS,
  SQL_ERRORS,
  SQL_STATS,
  type UpsertTable,
} from './upsert-table.ts';

const HOUR_MS = 3_600_000;

const DIRTY = {
  insert: 'insert into sql_stats_dirty (level, to_at, proxy) values',
  onDuplicate: 'on duplicate key update proxy = values(proxy)',
};

export interface WriteOutcome {
  /** Rows that are older than what the tables keep. */
  readonly tooOld: number;
  /** Rows that the database did not take for what they hold. */
  readonly refused: number;
}

/** Rows of a batch by table. Records of `status` have none. */
export function rowsOf(batch: ScanBatch, names: Names, fit: Fit): ReadonlyMap<UpsertTable, readonly Row[]> {
  const rows = new Map<UpsertTable, Row[]>();
  const add = (table: UpsertTable, row: Row) => {
    const known = rows.get(table);
    if (known) known.push(row);
    else rows.set(table, [row]);
  };
  for (const record of batch.records) {
    if (record.kind === 'sqlStats') add(SQL_STATS, statsRow(record, names.seriesOf(record, fit).id, fit));
    else if (record.kind === 'sqlErrors') add(SQL_ERRORS, errorRow(record, fit));
    else if (record.kind === 'slowSql') add(SLOW_SQL, slowSqlRow(record, fit));
    else if (record.kind === 'slowTransactions') add(SLOW_TRANSACTIONS, slowTransactionRow(record, fit));
    else if (record.kind === 'keyLogs') add(KEY_LOGS, keyLogRow(record, fit));
  }
  return rows;
}

export function statsRecordsOf(batch: ScanBatch): readonly SqlStatsRecord[] {
  return batch.records.filter((record) => record.kind === 'sqlStats');
}

/** Writes rows by assignment: the same ones a second time change nothing. To be run at `read committed`. */
export async function writeRows(
  tx: Transaction<DcdbTables>,
  rows: ReadonlyMap<UpsertTable, readonly Row[]>,
  signal?: AbortSignal,
): Promise<WriteOutcome> {
  const floors = await lockFloors(
    tx,
    [...rows.keys()].map(({ name }) => name),
  );
  let [tooOld, refused] = [0, 0];
  for (const [table, all] of rows) {
    const settled = table.isByEvent ? await storedTimesOf(tx, table, all) : all;
    const floorMs = floors.get(table.name) ?? 0;
    const kept = settled.filter(({ timeMs }) => timeMs > floorMs);
    tooOld += all.length - kept.length;
    refused += await upsertRows(tx, table, kept, signal);
    if (table === SQL_STATS) await markDirty(tx, kept, signal);
  }
  return { tooOld, refused };
}

/** What is read here stays so until the transaction ends: nothing is written into a partition that is about to go. */
async function lockFloors(
  tx: Transaction<DcdbTables>,
  tables: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ table_name: string; kept_after: Date }>`
    select table_name, kept_after from scan_floors where table_name in (${sql.join(tables)})
    lock in share mode`.execute(tx);
  return new Map(rows.map((row) => [row.table_name, row.kept_after.getTime()]));
}

/**
 * Hours to sum up (again). It comes after the rows: whoever sums up an hour holds its mark meanwhile, so that this waits
 * and marks the hour anew, unless the sum has these rows already.
 */
async function markDirty(
  tx: Transaction<DcdbTables>,
  rows: readonly Row[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const marks = new Map<string, [string, string, string]>();
  for (const { timeMs, values } of rows) {
    const proxy = String(values[0]);
    const hourEnd = datetimeOf(Math.ceil(timeMs / HOUR_MS) * HOUR_MS);
    marks.set(JSON.stringify([hourEnd, proxy]), ['hour', hourEnd, proxy]);
  }
  await upsertValues(tx, DIRTY, [...marks.values()], signal);
}
