import type { WireError } from '../wire/packets.ts';
import type { ClientAddress } from './session-state.ts';

/** Errors of the proxy itself, in the forms that were recorded. */
export const proxyErrors = {
  accessDenied: (user: string, client: ClientAddress, withPassword: boolean): WireError => ({
    errno: 1045,
    sqlState: '28000',
    message: `ProxySQL Error: Access denied for user '${user}'@'${client.host}' (using password: ${withPassword ? 'YES' : 'NO'})`,
  }),
  tooManyConnections: { errno: 1040, sqlState: '08004', message: 'Too many connections' },
  tooManyUserConnections: (user: string, limit: number): WireError => ({
    errno: 1226,
    sqlState: '42000',
    message: `User '${user}' has exceeded the 'max_user_connections' resource (current value: ${limit})`,
  }),
  blocked: (message: string): WireError => ({ errno: 1148, sqlState: '42000', message }),
  unreachable: (message: string): WireError => ({ errno: 9001, sqlState: 'HY000', message }),
  locked: (to: number, wanted: number): WireError => ({
    errno: 9006,
    sqlState: 'Y0000',
    message: `ProxySQL Error: connection is locked to hostgroup ${to} but trying to reach hostgroup ${wanted}`,
  }),
  lost: { errno: 2013, sqlState: 'HY000', message: 'Lost connection to server during query' },
  timedOut: {
    errno: 1907,
    sqlState: 'HY000',
    message: 'Query execution was interrupted, query_timeout exceeded',
  },
  tooLong: { errno: 1153, sqlState: '08S01', message: "Got a packet bigger than 'max_allowed_packet' bytes" },
  unknownCommand: (code: number): WireError => ({
    errno: 1047,
    sqlState: '08S01',
    message: `ProxySQL Error: command 0x${code.toString(16).padStart(2, '0')} is not supported by a lab proxy`,
  }),
  unknownStatement: (command: string): WireError => ({
    errno: 1243,
    sqlState: 'HY000',
    message: `Unknown prepared statement handler given to ${command}`,
  }),
  tooManyStatements: {
    errno: 1461,
    sqlState: '42000',
    message: "Can't create more prepared statements in this session",
  },
  longData: {
    errno: 1235,
    sqlState: '42000',
    message: 'ProxySQL Error: COM_STMT_SEND_LONG_DATA is not supported by a lab proxy',
  },
} as const satisfies Record<string, WireError | ((...details: never[]) => WireError)>;
