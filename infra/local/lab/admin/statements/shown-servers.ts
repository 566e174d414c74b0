import type { LabStats } from '../../contract.ts';
import { findTable } from '../storage/schema.ts';
import type { SqlRow } from '../storage/sql.ts';

const COLUMNS = findTable('main', 'runtime_mysql_servers')?.columns.map(({ name }) => name) ?? [];
const STATUS = COLUMNS.indexOf('status');

/**
 * The loaded servers as runtime_mysql_servers shows them: what the monitor says of an ONLINE server goes before what
 * was loaded, and an OFFLINE_HARD server is listed only while the connection pool still knows it.
 */
export function shownServers(loaded: readonly SqlRow[], stats: LabStats): readonly SqlRow[] {
  const pooled = new Set<string>();
  for (const [hostgroup, host, port] of stats.rowsOf('stats_mysql_connection_pool'))
    pooled.add(key(hostgroup, host, port));
  return loaded
    .filter(([hostgroup, host, port, , status]) => status !== 'OFFLINE_HARD' || pooled.has(key(hostgroup, host, port)))
    .map((row) => {
      const [hostgroup, host, port] = row;
      if (row[STATUS] !== 'ONLINE') return row;
      const monitored = stats.monitoredStatus(Number(hostgroup), String(host), Number(port));
      return row.map((value, i) => (i === STATUS ? (monitored ?? value) : value));
    });
}

function key(...parts: readonly unknown[]): string {
  return JSON.stringify(parts.map(String));
}
