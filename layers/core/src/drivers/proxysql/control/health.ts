import type { HealthReading } from '../../../ports/proxy-control.ts';
import { countOf, malformed, type Query, type Row, textOf } from '../cells.ts';
import { type Part, rowsByPart, unionStatement } from '../parts.ts';
import { quoteSqlite } from '../quoting.ts';

const SERVERS_LIMIT = 10_000;

/** Counters of stats_mysql_global; those of one reading add up. */
const COUNTERS = {
  uptimeS: ['ProxySQL_Uptime'],
  accessDenied: ['Access_Denied_Wrong_Password', 'Access_Denied_Max_Connections', 'Access_Denied_Max_User_Connections'],
  // The pool's own ConnERR goes away together with its server.
  backendConnectionsFailed: ['Server_Connections_aborted'],
  queries: ['Questions'],
  clientConnections: ['Client_Connections_connected'],
} as const;
const COUNTER_NAMES = Object.values(COUNTERS).flat();

type PartName = 'counters' | 'errors' | 'servers';
const PART_NAMES: readonly PartName[] = ['counters', 'errors', 'servers'];
const PARTS: Readonly<Record<PartName, Part>> = {
  counters: {
    select: `SELECT variable_name,variable_value FROM stats_mysql_global WHERE variable_name IN (${COUNTER_NAMES.map(quoteSqlite).join(',')})`,
    width: 2,
  },
  // A lower bound, since the table loses rows; the exact totals cost a walk over locked tables.
  errors: { select: 'SELECT ifnull(SUM(count_star),0) FROM stats_mysql_errors', width: 1 },
  servers: {
    select: `SELECT hostgroup_id,hostname,port,status FROM runtime_mysql_servers LIMIT ${SERVERS_LIMIT}`,
    width: 4,
  },
};

export const HEALTH_STATEMENT = unionStatement(PART_NAMES.map((name) => [name, PARTS[name]]));

export async function fetchHealth(query: Query): Promise<HealthReading> {
  const rows = rowsByPart(await query(HEALTH_STATEMENT), PART_NAMES, 'health');
  const [errors] = rows.errors;
  if (errors === undefined) throw malformed('no sum of errors');
  const counters = new Map(rows.counters.map((row) => [textOf(row, 0), row]));
  const sumOf = (names: readonly string[]): number =>
    names.reduce((sum, name) => sum + counterOf(counters.get(name), name), 0);
  return {
    uptimeS: sumOf(COUNTERS.uptimeS),
    accessDenied: sumOf(COUNTERS.accessDenied),
    backendConnectionsFailed: sumOf(COUNTERS.backendConnectionsFailed),
    backendErrors: countOf(errors, 0, 'errors'),
    queries: sumOf(COUNTERS.queries),
    clientConnections: sumOf(COUNTERS.clientConnections),
    servers: rows.servers.map((row) => ({
      hostgroup: textOf(row, 0),
      host: textOf(row, 1),
      port: countOf(row, 2, 'port'),
      status: textOf(row, 3),
    })),
  };
}

// A version without a counter has nothing to compare in it; without an uptime it is no reading at all.
function counterOf(row: Row | undefined, name: string): number {
  if (row !== undefined) return countOf(row, 1, name);
  if (name === 'ProxySQL_Uptime') throw malformed('no uptime');
  return 0;
}
