import type { ControlFacts } from '../../../ports/proxy-control.ts';
import { countOf, malformed, type Query, textOf } from '../cells.ts';
import { type Part, rowsByPart, unionStatement } from '../parts.ts';
import type { AdminAddress } from '../proxy-state.ts';
import { quoteSqlite } from '../quoting.ts';
import { UPTIME } from '../statements.ts';

const PEERS_LIMIT = 1_000;
// Nodes ask each other for their metrics every tenth check, so every 10 s at the usual interval of checks.
const SILENT_AFTER_MS = 30_000;

type PartName = 'uptime' | 'checksums' | 'peers';
const PART_NAMES: readonly PartName[] = ['uptime', 'checksums', 'peers'];

/** Statement of the facts. Peers are those of the cluster that is loaded, whether they were ever reached or not. */
function factsStatement({ host, port }: AdminAddress): string {
  const parts: Readonly<Record<PartName, Part>> = {
    uptime: { select: UPTIME, width: 1 },
    checksums: { select: 'SELECT name,version,epoch,checksum FROM runtime_checksums_values', width: 4 },
    peers: {
      select:
        `SELECT s.hostname,s.port,ifnull(m.Uptime_s>0 AND m.last_check_ms BETWEEN 0 AND ${SILENT_AFTER_MS},0) ` +
        'FROM runtime_proxysql_servers s ' +
        'LEFT JOIN stats_proxysql_servers_metrics m ON m.hostname=s.hostname AND m.port=s.port ' +
        `WHERE NOT (s.hostname=${quoteSqlite(host)} AND s.port=${port}) LIMIT ${PEERS_LIMIT}`,
      width: 3,
    },
  };
  return unionStatement(PART_NAMES.map((name) => [name, parts[name]]));
}

export async function fetchFacts(query: Query, itself: AdminAddress): Promise<ControlFacts> {
  const rows = rowsByPart(await query(factsStatement(itself)), PART_NAMES, 'facts');
  const [uptime] = rows.uptime;
  if (uptime === undefined) throw malformed('no uptime');
  return {
    uptimeS: countOf(uptime, 0, 'ProxySQL_Uptime'),
    checksums: rows.checksums.map((row) => ({
      name: textOf(row, 0),
      version: countOf(row, 1, 'version'),
      epochS: countOf(row, 2, 'epoch'),
      checksum: textOf(row, 3),
    })),
    clusterPeers: rows.peers.map((row) => ({
      host: textOf(row, 0),
      port: countOf(row, 1, 'port'),
      isAnswering: textOf(row, 2) === '1',
    })),
  };
}
