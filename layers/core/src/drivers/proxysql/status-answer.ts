import type {
  BackendStatus,
  CommandLatency,
  ProxyStatus,
  SqlErrorRow,
  UserConnections,
} from '../../domain/proxy-status.ts';
import { COMMAND_BUCKETS_US } from '../../domain/proxy-status.ts';
import { countOf, malformed, type Row, textOf } from './cells.ts';
import { STATUS_VARIABLES } from './statements.ts';

type GlobalStatus = Pick<
  ProxyStatus,
  'uptimeS' | 'proxyNowS' | 'clientConnections' | 'activeTransactions' | 'slowQueries'
>;

/** Columns: now, variable_name, variable_value. A version that lacks one of the variables shows 0; uptime must be there. */
export function parseGlobalStatus(rows: readonly Row[]): GlobalStatus {
  const [first] = rows;
  if (first === undefined) throw malformed('no global status');
  const values = new Map(rows.map((row) => [textOf(row, 1), row]));
  const numberOf = (variable: string): number => {
    const row = values.get(variable);
    return row === undefined ? 0 : countOf(row, 2, variable);
  };
  if (!values.has(STATUS_VARIABLES.uptimeS)) throw malformed(`no ${STATUS_VARIABLES.uptimeS} in the global status`);
  return {
    proxyNowS: countOf(first, 0, 'now'),
    uptimeS: numberOf(STATUS_VARIABLES.uptimeS),
    clientConnections: numberOf(STATUS_VARIABLES.clientConnections),
    activeTransactions: numberOf(STATUS_VARIABLES.activeTransactions),
    slowQueries: numberOf(STATUS_VARIABLES.slowQueries),
  };
}

/** Rows of the BACKENDS statement. */
export function parseBackend(row: Row): BackendStatus {
  return {
    hostgroup: textOf(row, 0),
    host: textOf(row, 1),
    port: countOf(row, 2, 'srv_port'),
    status: textOf(row, 3),
    connectionsUsed: countOf(row, 4, 'ConnUsed'),
    connectionsFree: countOf(row, 5, 'ConnFree'),
    connectionsOk: countOf(row, 6, 'ConnOK'),
    connectionsFailed: countOf(row, 7, 'ConnERR'),
    queries: countOf(row, 8, 'Queries'),
    bytesSent: countOf(row, 9, 'Bytes_data_sent'),
    bytesReceived: countOf(row, 10, 'Bytes_data_recv'),
    latencyUs: countOf(row, 11, 'Latency_us'),
  };
}

/** Rows of the COMMANDS statement. */
export function parseCommand(row: Row): CommandLatency {
  const bucketCount = COMMAND_BUCKETS_US.length + 1;
  return {
    command: textOf(row, 0),
    count: countOf(row, 1, 'Total_cnt'),
    totalTimeUs: countOf(row, 2, 'Total_Time_us'),
    buckets: Array.from({ length: bucketCount }, (_, bucket) => countOf(row, 3 + bucket, `bucket ${bucket}`)),
  };
}

/** Rows of the ERRORS statement. */
export function parseError(row: Row): SqlErrorRow {
  return {
    hostgroup: textOf(row, 0),
    host: textOf(row, 1),
    port: countOf(row, 2, 'port'),
    user: textOf(row, 3),
    clientAddress: textOf(row, 4),
    schema: textOf(row, 5),
    errno: countOf(row, 6, 'errno'),
    count: countOf(row, 7, 'count_star'),
    firstSeenS: countOf(row, 8, 'first_seen'),
    lastSeenS: countOf(row, 9, 'last_seen'),
    lastError: textOf(row, 10),
  };
}

/** Rows of the USERS statement. */
export function parseUser(row: Row): UserConnections {
  return {
    user: textOf(row, 0),
    connections: countOf(row, 1, 'frontend_connections'),
    maxConnections: countOf(row, 2, 'frontend_max_connections'),
  };
}
