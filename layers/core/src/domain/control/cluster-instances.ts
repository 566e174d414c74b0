/** An instance of a database cluster, as the database configuration service tells of it. */
export interface ClusterInstance {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly role: 'writer' | 'reader';
  readonly weight: number;
  readonly maxConnections: number;
  /** Seconds; 0: no limit. */
  readonly maxReplicationLag: number;
  readonly useSsl: boolean;
  readonly status: 'online' | 'draining' | 'offline';
}

/** What is known of a cluster's instances, as the port gives it. */
export interface ClusterInstances {
  /** `undefined`: the service knows no such cluster. */
  readonly value: readonly ClusterInstance[] | undefined;
  /** 0: as the service says now; more: as it said that long ago. */
  readonly staleSeconds: number;
}
