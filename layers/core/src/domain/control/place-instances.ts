import type { ClusterInstance } from './cluster-instances.ts';
import type { Slice } from './desired-state.ts';
import type { ServerTable } from './server-table.ts';

/** Puts the instances of a slice's cluster where their roles belong. */
export function placeInstances(table: ServerTable, slice: Slice, instances: readonly ClusterInstance[]): void {
  for (const instance of instances.toSorted(writersFirst)) {
    table.put({
      hostgroup: instance.role === 'writer' ? slice.writerHostgroup : slice.readerHostgroup,
      host: instance.host,
      port: instance.port,
      weight: instance.weight,
      maxConnections: instance.maxConnections,
      maxReplicationLagS: instance.maxReplicationLag,
      useSsl: instance.useSsl,
      status: instance.status,
      // Tells whoever looks at the proxy's own table where the row comes from.
      comment: `${slice.cluster}/${instance.id}`,
    });
  }
}

/** Where both hostgroups are one, the same server may come as writer and as reader: what is said of the writer stands. */
function writersFirst(a: ClusterInstance, b: ClusterInstance): number {
  if (a.role !== b.role) return a.role === 'writer' ? -1 : 1;
  return a.id < b.id ? -1 : Number(a.id > b.id);
}
