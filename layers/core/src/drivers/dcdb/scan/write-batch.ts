import { sql, type Transaction } from 'kysely';
import type { ScanBatch, SqlStatsRecord } from '../../../domain/scan/scan-record.ts';
import type { DcdbTables } from '../tables.ts';
import { datetimeOf, Fit } from './fit.ts';
import type { KnownSeries, Names } from './names.ts';
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

/** Rows of one batch by table. */
export interface BatchRows {
  readonly batch: ScanBatch;
  readonly rows: ReadonlyMap<UpsertTable, readonly Row[]>;
  /** What rows of sql_stats refer to. */
  readonly stats: readonly { readonly record: SqlStatsRecord; readonly series: KnownSeries }[];
  /** Values that did not fit in. */
  readonly cut: number;
}

export interface WriteOutcome {
  readonly batch: ScanBatch;
  /** Rows that are older than what the tables keep. */
  readonly tooOld: number;
  /** Rows that the database did not take for what they hold. */
  readonly refused: number;
  readonly cut: number;
}

/** Records of `status` have no rows. */
export function rowsOf(batch: ScanBatch, names: Names): BatchRows {
  const fit = new Fit();
  const stats: { record: SqlStatsRecord; series: KnownSeries }[] = [];
  const rows = new Map<UpsertTable, Row[]>();
  const add = (table: UpsertTable, row: Row) => {
    const known = rows.get(table);
    if (known) known.push(row);
    else rows.set(table, [row]);
  };
  for (const record of batch.records) {
    if (record.kind === 'sqlStats') {
      const series = names.seriesOf(record, fit);
      stats.push({ record, series });
      add(SQL_STATS, statsRow(record, series.id, fit));
    } else if (record.kind === 'sqlErrors') add(SQL_ERRORS, errorRow(record, fit));
    else if (record.kind === 'slowSql') add(SLOW_SQL, slowSqlRow(record, fit));
    else if (record.kind === 'slowTransactions') add(SLOW_TRANSACTIONS, slowTransactionRow(record, fit));
    else if (record.kind === 'keyLogs') add(KEY_LOGS, keyLogRow(record, fit));
  }
  return { batch, rows, stats, cut: fit.cuts };
}

/**
 * Writes rows by assignment: the same ones a second time change nothing. Throws when the database refuses a row of one of
 * several batches: which of them it was, only each by itself can tell.
 */
export async function writeRows(
  tx: Transaction<DcdbTables>,
  parts: readonly BatchRows[],
  signal?: AbortSignal,
): Promise<readonly WriteOutcome[]> {
  const tables = new Set(parts.flatMap(({ rows }) => [...rows.keys()]));
  const floors = await lockFloors(
    tx,
    [...tables].map(({ name }) => name),
  );
  const outcomes = parts.map(({ batch, cut }) => ({ batch, tooOld: 0, refused: 0, cut }));
  for (const table of tables) {
    const floorMs = floors.get(table.name) ?? 0;
    const all: Row[] = [];
    for (const [i, { rows }] of parts.entries()) {
      const own = rows.get(table) ?? [];
      const kept = own.filter(({ timeMs }) => timeMs > floorMs);
      const outcome = outcomes[i];
      if (outcome) outcome.tooOld += own.length - kept.length;
      for (const row of kept) all.push(row);
    }
    const refused = await upsertRows(tx, table, table.isByEvent ? await storedTimesOf(tx, table, all) : all, signal);
    const [only] = outcomes;
    if (refused > 0 && outcomes.length > 1) throw new Error(`the database refused ${refused} rows of a group`);
    if (only) only.refused += refused;
    if (table === SQL_STATS) await markDirty(tx, all, signal);
  }
  return outcomes;
}

/** What is read here stays so until the transaction ends: nothing is written into a partition that is about to go. */
async function lockFloors(
  tx: Transaction<DcdbTables>,
  tables: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (tables.length === 0) return new Map();
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
  const proxiesByHour = new Map<number, Set<string>>();
  for (const { timeMs, values } of rows) {
    const hourEndMs = Math.ceil(timeMs / HOUR_MS) * HOUR_MS;
    const proxies = proxiesByHour.get(hourEndMs) ?? new Set();
    proxiesByHour.set(hourEndMs, proxies.add(String(values[0])));
  }
  const marks = [...proxiesByHour].flatMap(([hourEndMs, proxies]) => {
    return [...proxies].map((proxy) => ['hour', datetimeOf(hourEndMs), proxy]);
  });
  await upsertValues(tx, DIRTY, marks, signal);
}
