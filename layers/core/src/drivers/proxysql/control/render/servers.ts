import type { ConfigRow } from '../../../../domain/control/config-rows.ts';
import type { DesiredState, NamespaceSpec, ServerSpec } from '../../../../domain/control/desired-state.ts';
import { replicationKey, serverKey } from '../tables.ts';
import type { Notes } from './notes.ts';
import { flag } from './rule-row.ts';

const STATUS = { online: 'ONLINE', draining: 'OFFLINE_SOFT', offline: 'OFFLINE_HARD' } as const;

/** Rows of mysql_servers. Of a server that is named twice in a hostgroup the last one counts, as in a table. */
export function renderServers({ servers }: DesiredState): readonly ConfigRow[] {
  const rows = new Map(servers.map((server) => [keyOf(server), serverRow(server)]));
  return [...rows.values()];
}

const keyOf = ({ hostgroup, host, port }: ServerSpec): string => serverKey(hostgroup, host, port);

function serverRow(server: ServerSpec): ConfigRow {
  return {
    key: keyOf(server),
    fields: {
      hostgroup_id: String(server.hostgroup),
      hostname: server.host,
      port: String(server.port),
      status: STATUS[server.status],
      weight: String(server.weight),
      max_connections: String(server.maxConnections),
      max_replication_lag: String(server.maxReplicationLagS),
      use_ssl: flag(server.useSsl),
      comment: server.comment,
    },
  };
}

/**
 * Rows of mysql_replication_hostgroups: a pair for each slice that has readers of its own, so that the monitor follows a
 * fail-over by itself. How it checks (check_type) stays as it is. A hostgroup belongs to one pair only.
 */
export function renderReplication({ namespace }: DesiredState, notes: Notes): readonly ConfigRow[] {
  const owners = new Map<number, string>();
  const rows: ConfigRow[] = [];
  for (const { name, writerHostgroup, readerHostgroup } of pairedSlices(namespace)) {
    const other = owners.get(writerHostgroup) ?? owners.get(readerHostgroup);
    if (other !== undefined) {
      const reason = `slice ${name} shares a hostgroup with slice ${other}, so that it is no replication pair of its own`;
      notes.add(`namespace ${namespace.name}`, 'namespace', 'slices', reason);
      continue;
    }
    owners.set(writerHostgroup, name).set(readerHostgroup, name);
    rows.push({
      key: replicationKey(writerHostgroup),
      fields: {
        writer_hostgroup: String(writerHostgroup),
        reader_hostgroup: String(readerHostgroup),
        comment: `proxywatch: slice ${name}`,
      },
    });
  }
  return rows;
}

export function pairedSlices({ slices }: NamespaceSpec): NamespaceSpec['slices'] {
  return slices.filter(({ writerHostgroup, readerHostgroup }) => writerHostgroup !== readerHostgroup);
}
