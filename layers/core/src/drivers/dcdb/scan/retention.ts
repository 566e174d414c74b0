import { ProxywatchError } from '../../../domain/errors.ts';
import type { PartitionedTable } from './upsert-table.ts';

/** Whole days that each table of the scanner reaches back. */
export interface ScanRetention {
  /** Rows of sql_stats as they were collected. @default 2 */
  readonly minuteDays: number;
  /** @default 35 */
  readonly hourDays: number;
  /** @default 400 */
  readonly dayDays: number;
  /** @default 35 */
  readonly errorDays: number;
  /** slow_sql and slow_transactions. @default 35 */
  readonly slowDays: number;
  /** @default 400 */
  readonly keyLogDays: number;
  /** scan_runs. @default 35 */
  readonly runDays: number;
}

export const DEFAULT_RETENTION: ScanRetention = {
  minuteDays: 2,
  hourDays: 35,
  dayDays: 400,
  errorDays: 35,
  slowDays: 35,
  keyLogDays: 400,
  runDays: 35,
};

const MAX_DAYS = 3_650;

/** Days by table. Throws CONFIG_INVALID: a level must not go before the coarser one was summed up from it. */
export function daysByTable(retention: ScanRetention): Readonly<Record<PartitionedTable, number>> {
  for (const [name, days] of Object.entries(retention)) {
    if (Number.isInteger(days) && days >= 1 && days <= MAX_DAYS) continue;
    throw new ProxywatchError('CONFIG_INVALID', `retention: ${name} is ${days}, expected 1 to ${MAX_DAYS} days`);
  }
  const { minuteDays, hourDays, dayDays, errorDays, slowDays, keyLogDays, runDays } = retention;
  if (minuteDays > hourDays || hourDays > dayDays) {
    throw new ProxywatchError(
      'CONFIG_INVALID',
      `retention: expected minuteDays ≤ hourDays ≤ dayDays, not ${minuteDays}, ${hourDays}, ${dayDays}`,
    );
  }
  return {
    sql_stats: minuteDays,
    sql_stats_hour: hourDays,
    sql_stats_day: dayDays,
    sql_errors: errorDays,
    slow_sql: slowDays,
    slow_transactions: slowDays,
    key_logs: keyLogDays,
    scan_runs: runDays,
  };
}
