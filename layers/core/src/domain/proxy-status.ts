/** What a proxy tells of itself besides its digests. Counters are the proxy's own and start again when it restarts. */
export interface ProxyStatus {
  readonly version: string;
  readonly uptimeS: number;
  /** The proxy's wall clock, epoch seconds. */
  readonly proxyNowS: number;
  readonly clientConnections: number;
  readonly activeTransactions: number;
  readonly slowQueries: number;
  readonly backends: readonly BackendStatus[];
  readonly commands: readonly CommandLatency[];
  readonly errors: readonly SqlErrorRow[];
  readonly users: readonly UserConnections[];
  /** Parts of which the proxy has more rows than a driver reads. */
  readonly truncated?: readonly ('backends' | 'errors' | 'users')[];
}

/** One server of one hostgroup, as the proxy's connection pool sees it. */
export interface BackendStatus {
  readonly hostgroup: string;
  readonly host: string;
  readonly port: number;
  /** ONLINE, SHUNNED, OFFLINE_SOFT, … as the proxy says it. */
  readonly status: string;
  readonly connectionsUsed: number;
  readonly connectionsFree: number;
  readonly connectionsOk: number;
  readonly connectionsFailed: number;
  readonly queries: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Last ping time, microseconds. */
  readonly latencyUs: number;
}

/** A latency histogram of one SQL command. */
export interface CommandLatency {
  readonly command: string;
  readonly count: number;
  readonly totalTimeUs: number;
  /** Executions per bucket, not cumulative, in the order of COMMAND_BUCKETS_US and then one for everything above. */
  readonly buckets: readonly number[];
}

/** Upper bounds of ProxySQL's command counters, microseconds. */
export const COMMAND_BUCKETS_US = [
  100, 500, 1_000, 5_000, 10_000, 50_000, 100_000, 500_000, 1_000_000, 5_000_000, 10_000_000,
] as const;

/** Errors that back ends returned. ProxySQL loses rows of this table at random: absence says nothing. */
export interface SqlErrorRow {
  readonly hostgroup: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly clientAddress: string;
  readonly schema: string;
  readonly errno: number;
  readonly count: number;
  readonly firstSeenS: number;
  readonly lastSeenS: number;
  readonly lastError: string;
}

export interface UserConnections {
  readonly user: string;
  readonly connections: number;
  readonly maxConnections: number;
}
