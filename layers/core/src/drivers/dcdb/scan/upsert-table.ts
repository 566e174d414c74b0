/** Tables with daily partitions and the column that these are made by. */
export const PARTITIONED = {
  sql_stats: 'to_at',
  sql_stats_hour: 'to_at',
  sql_stats_day: 'to_at',
  sql_errors: 'to_at',
  slow_sql: 'started_at',
  slow_transactions: 'started_at',
  key_logs: 'happened_at',
  scan_runs: 'tick_at',
} as const;
export type PartitionedTable = keyof typeof PARTITIONED;

/** A table that the sink writes. Its key: the proxy, the time, and a third column. */
export interface UpsertTable {
  readonly name: Exclude<PartitionedTable, 'scan_runs'>;
  /** The first three are the key. */
  readonly columns: readonly string[];
  /** Its events may be read again with another time: the id alone tells them apart. */
  readonly isByEvent: boolean;
  /** Up to `values`. */
  readonly insert: string;
  /** What becomes of a row that is there already: it is assigned, nothing is added up. */
  readonly onDuplicate: string;
}

export type Value = string | number | bigint | null;

/** Values in the order of the columns; `timeMs` is what stands in the second. */
export interface Row {
  readonly timeMs: number;
  readonly values: readonly Value[];
}

const KEY_COLUMNS = 3;

export const SQL_STATS = upsertTable('sql_stats', [
  'proxy',
  'to_at',
  'series_id',
  'from_at',
  'executions',
  'time_us',
  'rows_sent',
  'rows_affected',
  'min_time_us',
  'max_time_us',
]);

const EVENT = ['event_id', 'namespace', 'observed_at', 'is_cut'];

export const SQL_ERRORS = upsertTable('sql_errors', [
  ...['proxy', 'to_at', ...EVENT, 'from_at', 'source', 'errno', 'error_count', 'hostgroup', 'server', 'user_name'],
  ...['schema_name', 'client_address', 'last_error'],
]);

export const SLOW_SQL = upsertTable('slow_sql', [
  ...['proxy', 'started_at', ...EVENT, 'source', 'duration_us', 'is_exact', 'digest', 'text', 'hostgroup'],
  ...['schema_name', 'user_name', 'server', 'client_address', 'rows_sent', 'rows_affected', 'errno'],
]);

export const SLOW_TRANSACTIONS = upsertTable(
  'slow_transactions',
  [
    ...['proxy', 'started_at', ...EVENT, 'state', 'duration_ms', 'session_id', 'user_name', 'schema_name', 'hostgroup'],
    ...['server', 'client_address', 'statement', 'idle_ms', 'version'],
  ],
  'version',
);

export const KEY_LOGS = upsertTable('key_logs', [
  ...['proxy', 'happened_at', ...EVENT, 'event', 'severity', 'message', 'detail'],
]);

function upsertTable(name: UpsertTable['name'], columns: readonly string[], version?: string): UpsertTable {
  const assigned = columns.slice(KEY_COLUMNS).map((column) => {
    // Assignments run from left to right: the version, which all others look at, stands last.
    const value =
      version === undefined
        ? `values(${column})`
        : `if(values(${version}) >= ${version}, values(${column}), ${column})`;
    return `${column} = ${value}`;
  });
  return {
    name,
    columns,
    isByEvent: columns[2] === 'event_id' && name !== 'sql_errors',
    insert: `insert into ${name} (${columns.join(', ')}) values`,
    onDuplicate: `on duplicate key update ${assigned.join(', ')}`,
  };
}
