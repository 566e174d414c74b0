/**
 * The service that knows the database clusters. Rejects with SERVICE_UNREACHABLE (service `dbconfig`) when it cannot be
 * reached and nothing is remembered; with SERVICE_REFUSED when it answers what it must not.
 */
export interface DatabaseConfig {
  fetchClusters(signal?: AbortSignal): Promise<Dated<readonly DatabaseCluster[]>>;
  /** `undefined`: there is none of this id. */
  fetchCluster(id: string, signal?: AbortSignal): Promise<Dated<DatabaseCluster | undefined>>;
  /** `undefined`: there is no such cluster. */
  fetchInstances(clusterId: string, signal?: AbortSignal): Promise<Dated<readonly DatabaseInstance[] | undefined>>;
  /**
   * What changed since a cursor of an earlier answer; without one from the oldest that is kept. `undefined`: the service
   * does not know the cursor (any more).
   */
  fetchChanges(since: string | undefined, signal?: AbortSignal): Promise<Dated<DatabaseChanges | undefined>>;
}

/** An answer with its age: 0 when it came from the service just now, more when it was remembered from then. */
export interface Dated<T> {
  readonly value: T;
  readonly staleSeconds: number;
}

export interface DatabaseCluster {
  readonly id: string;
  readonly name: string;
  readonly engine: string;
  readonly description: string;
  readonly region: string;
  /** RFC 3339, of its last change there. */
  readonly updatedAt: string;
}

export interface DatabaseInstance {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly role: 'writer' | 'reader';
  readonly weight: number;
  readonly zone: string;
  readonly maxConnections: number;
  /** Seconds; 0: no limit. */
  readonly maxReplicationLag: number;
  readonly useSsl: boolean;
  readonly status: 'online' | 'draining' | 'offline';
}

export interface DatabaseChanges {
  readonly items: readonly DatabaseChange[];
  /** For the next question. */
  readonly cursor: string;
}

export interface DatabaseChange {
  readonly at: string;
  readonly cluster: string;
  readonly kind:
    | 'cluster-added'
    | 'cluster-changed'
    | 'cluster-removed'
    | 'instance-added'
    | 'instance-changed'
    | 'instance-removed';
  readonly instance?: string;
  readonly message: string;
}
