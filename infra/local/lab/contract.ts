/**
 * The seam between the two halves of a lab proxy: the admin interface (admin/) shows what the traffic side counted, the
 * traffic side (traffic-port/) obeys what the admin interface loaded to runtime.
 */
export type Cell = string | number | null;
export type Row = readonly Cell[];

/** The statistics that traffic fills. Names are the tables' own; rows come in the column order of the recorded schema. */
export const STATS_TABLES = [
  'stats_mysql_commands_counters',
  'stats_mysql_connection_pool',
  'stats_mysql_errors',
  'stats_mysql_free_connections',
  'stats_mysql_global',
  'stats_mysql_processlist',
  'stats_mysql_query_digest',
  'stats_mysql_query_rules',
  'stats_mysql_users',
  'stats_proxysql_message_metrics',
] as const;
export type StatsTable = (typeof STATS_TABLES)[number];

/** What the monitor logs about back ends; columns as in the recorded schema. */
export const MONITOR_TABLES = [
  'mysql_server_connect_log',
  'mysql_server_ping_log',
  'mysql_server_read_only_log',
  'mysql_server_replication_lag_log',
] as const;
export type MonitorTable = (typeof MONITOR_TABLES)[number];

/**
 * What an administrator asks of the process with PROXYSQL <command>. `pause` lets no new client in; `stop` closes the
 * traffic port and forgets all statistics but the uptime; `shutdown` and `kill` end the process.
 */
export type LabCommand = 'pause' | 'resume' | 'stop' | 'start' | 'shutdown' | 'kill';
export type LabControl = (command: LabCommand) => Promise<void>;

/** What the traffic side tells the admin interface. */
export interface LabStats {
  /** The rows of a table as of now; times are recomputed at each call, as the proxy does. */
  rowsOf(table: StatsTable): Iterable<Row>;
  /** Empties a table that has a `_reset` twin, and answers how many rows it held. */
  reset(table: StatsTable): number;
  /** Status of a back end as the monitor sees it now (ONLINE, SHUNNED), or `undefined` when it says nothing. */
  monitoredStatus(hostgroup: number, host: string, port: number): string | undefined;
  killSession(sessionId: number): boolean;
  /** What SHOW PROMETHEUS METRICS prints; `undefined`, or absent, while no threads run. */
  metrics?(): string | undefined;
  /** Rows of a table of schema `monitor`; while this is absent or answers `undefined`, the table does not exist. */
  monitorRows?(table: MonitorTable): Iterable<Row> | undefined;
  /** True once a query rule set was loaded: hits start again at zero. */
  onRulesLoaded(): void;
}

/** What the admin interface tells the traffic side: the runtime layer, always current. */
export interface LabRuntime {
  users(): readonly RuntimeUser[];
  servers(): readonly RuntimeServer[];
  rules(): readonly RuntimeRule[];
  /** Value of a global variable at runtime, by full name such as `mysql-max_connections`. */
  variable(name: string): string;
  /** Called after each LOAD … TO RUNTIME, cluster pulls included. */
  onLoaded(listener: (module: 'users' | 'servers' | 'rules' | 'variables' | 'proxysql_servers') => void): void;
}

export interface RuntimeUser {
  readonly username: string;
  /** Clear text, as the lab proxy needs it for its own log-in at the back end. */
  readonly password: string;
  readonly defaultHostgroup: number;
  readonly defaultSchema: string | null;
  readonly maxConnections: number;
  readonly transactionPersistent: boolean;
}

export interface RuntimeServer {
  readonly hostgroup: number;
  readonly host: string;
  readonly port: number;
  readonly status: string;
  readonly weight: number;
  readonly maxConnections: number;
}

export interface RuntimeRule {
  readonly ruleId: number;
  /** Looked at while the flag is this one. */
  readonly flagIn: number;
  /** The flag from here on; `null`: it stays. */
  readonly flagOut: number | null;
  /** Whole, or up to a `%`. */
  readonly clientAddress: string | null;
  readonly matchDigest: string | null;
  readonly matchPattern: string | null;
  readonly caseless: boolean;
  readonly negate: boolean;
  readonly username: string | null;
  readonly schemaname: string | null;
  readonly digest: string | null;
  readonly destinationHostgroup: number | null;
  /** How long statements may run; `null`: as they may anyway. */
  readonly timeoutMs: number | null;
  readonly errorMessage: string | null;
  readonly apply: boolean;
}
