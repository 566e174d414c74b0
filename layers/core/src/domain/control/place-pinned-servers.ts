import type { ServerOverride } from './server-overrides.ts';
import { nameOf, type ServerTable } from './server-table.ts';

/** What a pinned server has where no other server of its hostgroup tells better. */
const UNKNOWN_SERVER = { maxConnections: 1_000, maxReplicationLagS: 0, useSsl: false };

/** Keeps pinned servers that the service does not know. Of one that it knows it says more than a pin: that stands. */
export function placePinnedServers(table: ServerTable, inForce: readonly ServerOverride[]): void {
  for (const { kind, host, port, hostgroup, weight } of inForce) {
    if (kind !== 'pin') continue;
    if (hostgroup === null) {
      table.warn(`${nameOf({ host, port, hostgroup })} is pinned in no hostgroup: it cannot be kept`);
      continue;
    }
    if (table.has({ hostgroup, host, port })) continue;
    // Its neighbours have the same accounts and the same demands on encryption.
    const { maxConnections, maxReplicationLagS, useSsl } = table.in(hostgroup)[0] ?? UNKNOWN_SERVER;
    table.put({
      hostgroup,
      host,
      port,
      weight: weight ?? 1,
      maxConnections,
      maxReplicationLagS,
      useSsl,
      status: 'online',
      comment: 'pinned',
    });
  }
}
