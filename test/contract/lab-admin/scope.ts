import type { Recorded } from './recordings.ts';

/** How much of a recorded answer our answer must equal. */
export type Comparison =
  /** Columns, their types, and the rows in any order; or affected rows, info, warnings, status; or the whole error. */
  | 'everything'
  /** Columns and types; the rows speak of the recorded machine and moment. */
  | 'columns'
  /** Columns, and our rows are some of the recorded ones: tables that we do not have are not listed. */
  | 'part of the rows'
  /** We do not know this and say so, with an error of the recorded form. */
  | 'refused';

/** Every recorded statement is replayed; these are the ones that are not compared in full, and why. */
const EXCEPTIONS: readonly (readonly [pattern: RegExp, comparison: Comparison, why: string])[] = [
  [/^SHOW CHARSET$/, 'refused', 'the character sets of another server'],
  [/^SELECT CONFIG /, 'refused', 'writes files of the machine, shows its configuration file'],
  [/FROM stats_memory_metrics/, 'refused', 'memory of another program'],
  [/FROM stats_mysql_(?:gtid_executed|prepared_statements_info|client_host_cache)/, 'refused', 'not counted here'],
  [/FROM stats_proxysql_servers_clients_status/, 'refused', 'who asks a node is of no use to anybody'],
  [/FROM stats_history\.(?:system_cpu|mysql_connections)/, 'refused', 'history is the gateway’s task'],

  [/^SHOW PROMETHEUS METRICS$/, 'columns', 'the families that drivers read, of another moment'],
  [/FROM stats_proxysql_servers_/, 'columns', 'no cluster in this suite'],
  [/^SHOW TABLES$/, 'part of the rows', 'tables that nothing uses are not there'],
  [/CURRENT_TIMESTAMP|strftime/, 'columns', 'the time'],
  [/sqlite_version|^EXPLAIN/, 'columns', 'another version of SQLite'],
  [/^SHOW (?:DATABASES|SCHEMAS)$/, 'columns', 'paths of the machine'],
  [/^SHOW MYSQL STATUS$/, 'columns', 'counters of another moment'],
  [/^SHOW (?:FULL )?PROCESSLIST$/, 'columns', 'sessions of another moment'],
  [/runtime_checksums_values|^CHECKSUM /, 'columns', 'a hash of our own, versions of another day'],
  [/FROM runtime_proxysql_servers/, 'columns', 'no cluster in this suite'],
];

export function comparisonOf({ sql }: Recorded): Comparison {
  return EXCEPTIONS.find(([pattern]) => pattern.test(sql))?.[1] ?? 'everything';
}
