import type { FlagColumn, JsonColumn } from '../tables.ts';

/** Shapes of the scanner's rows as the driver gives them; counters above 2^53 come as strings. */
export interface ScanTables {
  readonly sql_stats: SqlStatsTable & { from_at: Date };
  readonly sql_stats_hour: SqlStatsTable;
  readonly sql_stats_day: SqlStatsTable;
  readonly sql_series: SqlSeriesTable;
  readonly sql_digests: SqlDigestTable;
  readonly scan_proxies: ScanProxyTable;
  readonly sql_errors: SqlErrorTable;
  readonly slow_sql: SlowSqlTable;
  readonly slow_transactions: SlowTransactionTable;
  readonly key_logs: KeyLogTable;
  readonly scan_runs: ScanRunTable;
  readonly sql_stats_dirty: { level: string; to_at: Date; proxy: string };
  readonly scan_floors: { table_name: string; kept_after: Date };
}

/** BIGINT UNSIGNED. */
type BigColumn = number | string;

interface SqlStatsTable {
  proxy: string;
  to_at: Date;
  series_id: BigColumn;
  executions: BigColumn;
  time_us: BigColumn;
  rows_sent: BigColumn;
  rows_affected: BigColumn;
  min_time_us: BigColumn | null;
  max_time_us: BigColumn | null;
}

interface SqlSeriesTable {
  id: BigColumn;
  namespace: string;
  digest: string;
  hostgroup: string;
  schema_name: string;
  user_name: string;
  first_seen_at: Date;
  last_seen_at: Date;
}

interface SqlDigestTable {
  digest: string;
  text: string | null;
  first_seen_at: Date;
  last_seen_at: Date;
}

interface ScanProxyTable {
  namespace: string;
  proxy: string;
  first_seen_at: Date;
  last_seen_at: Date;
}

interface EventTable {
  proxy: string;
  event_id: string;
  namespace: string;
  observed_at: Date;
  is_cut: FlagColumn;
}

interface SqlErrorTable extends EventTable {
  from_at: Date;
  to_at: Date;
  source: string;
  errno: number;
  error_count: BigColumn;
  hostgroup: string | null;
  server: string | null;
  user_name: string | null;
  schema_name: string | null;
  client_address: string | null;
  last_error: string | null;
}

interface SlowSqlTable extends EventTable {
  started_at: Date;
  source: string;
  duration_us: BigColumn;
  is_exact: FlagColumn;
  digest: string | null;
  text: string | null;
  hostgroup: string | null;
  schema_name: string | null;
  user_name: string | null;
  server: string | null;
  client_address: string | null;
  rows_sent: BigColumn | null;
  rows_affected: BigColumn | null;
  errno: number | null;
}

interface SlowTransactionTable extends EventTable {
  started_at: Date;
  version: number;
  state: string;
  duration_ms: BigColumn;
  session_id: string;
  user_name: string;
  schema_name: string;
  hostgroup: string;
  server: string | null;
  client_address: string | null;
  statement: string | null;
  idle_ms: BigColumn | null;
}

interface KeyLogTable extends EventTable {
  happened_at: Date;
  event: string;
  severity: string;
  message: string;
  detail: JsonColumn;
}

interface ScanRunTable {
  tick_at: Date;
  started_at: Date;
  duration_ms: BigColumn;
  outcome: string;
  proxies: number;
  due: number;
  paused: number;
  backing_off: number;
  damaged: number;
  invocations: number;
  retries: number;
  dead_letters: number;
  lost: number;
  problem: string | null;
}
