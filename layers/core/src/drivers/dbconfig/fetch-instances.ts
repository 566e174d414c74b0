import type { ClusterInstances } from '../../domain/control/cluster-instances.ts';
import type { Slice } from '../../domain/control/desired-state.ts';
import type { DatabaseConfig } from '../../ports/database-config.ts';

const CLUSTERS_AT_ONCE = 8;

/** The instances of all clusters that the slices use, for `desiredServers`. Rejects as the port does. */
export async function fetchInstancesOf(
  databases: DatabaseConfig,
  slices: readonly Slice[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, ClusterInstances>> {
  const byCluster = new Map<string, ClusterInstances>();
  const queue = [...new Set(slices.map(({ cluster }) => cluster))];
  async function work(): Promise<void> {
    for (let cluster = queue.shift(); cluster !== undefined; cluster = queue.shift()) {
      byCluster.set(cluster, await databases.fetchInstances(cluster, signal));
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(CLUSTERS_AT_ONCE, queue.length) }, work));
  } finally {
    // After a failure the other workers end with what they have under way.
    queue.length = 0;
  }
  return byCluster;
}
