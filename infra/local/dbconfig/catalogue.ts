import type {
  DatabaseChange,
  DatabaseChanges,
  DatabaseCluster,
  DatabaseInstance,
} from '@proxywatch/core/ports/database-config';
import { createChangeLog } from './change-log.ts';

const LONGEST_MESSAGE = 1_000;

export interface Cluster extends Omit<DatabaseCluster, 'updatedAt'> {
  readonly instances: readonly DatabaseInstance[];
}

/** What the reference server knows, in memory: it starts anew with every run. */
export interface Catalogue {
  clusters(): readonly DatabaseCluster[];
  cluster(id: string): DatabaseCluster | undefined;
  instances(cluster: string): readonly DatabaseInstance[] | undefined;
  changes(since: string | undefined): DatabaseChanges | undefined;
  /** Adds the instance, or changes it. `false`: there is no such cluster. */
  putInstance(cluster: string, instance: DatabaseInstance): boolean;
  /** `false`: there is no such cluster or instance. */
  removeInstance(cluster: string, instance: string): boolean;
  /** Adds the cluster, or replaces it with its instances. */
  putCluster(cluster: Cluster): void;
  removeCluster(id: string): boolean;
}

interface Held {
  cluster: DatabaseCluster;
  instances: ReadonlyMap<string, DatabaseInstance>;
}

/** @param nowMs epoch milliseconds */
export function createCatalogue(clusters: readonly Cluster[], nowMs: () => number): Catalogue {
  const held = new Map<string, Held>();
  const log = createChangeLog();
  const now = () => new Date(nowMs()).toISOString();
  const note = ({ message, ...change }: Omit<DatabaseChange, 'at'>) =>
    log.add({ at: now(), ...change, message: message.slice(0, LONGEST_MESSAGE) });

  function touch(entry: Held, instances: ReadonlyMap<string, DatabaseInstance>): void {
    entry.instances = instances;
    entry.cluster = { ...entry.cluster, updatedAt: now() };
  }

  const catalogue: Catalogue = {
    clusters: () => [...held.values()].map(({ cluster }) => cluster),
    cluster: (id) => held.get(id)?.cluster,
    instances(id) {
      const entry = held.get(id);
      return entry && [...entry.instances.values()];
    },
    changes: (since) => log.since(since),
    putInstance(id, instance) {
      const entry = held.get(id);
      if (entry === undefined) return false;
      const before = entry.instances.get(instance.id);
      touch(entry, new Map([...entry.instances, [instance.id, instance]]));
      const kind = before === undefined ? 'instance-added' : 'instance-changed';
      const message = before === undefined ? `${instance.id} was added` : differenceOf(before, instance);
      note({ cluster: id, kind, instance: instance.id, message });
      return true;
    },
    removeInstance(id, instance) {
      const entry = held.get(id);
      if (!entry?.instances.has(instance)) return false;
      touch(entry, new Map([...entry.instances].filter(([name]) => name !== instance)));
      note({ cluster: id, kind: 'instance-removed', instance, message: `${instance} was removed` });
      return true;
    },
    putCluster({ instances, ...cluster }) {
      const kind = held.has(cluster.id) ? 'cluster-changed' : 'cluster-added';
      const byId = new Map(instances.map((instance) => [instance.id, instance]));
      held.set(cluster.id, { cluster: { ...cluster, updatedAt: now() }, instances: byId });
      note({
        cluster: cluster.id,
        kind,
        message: `${cluster.id}, instances: ${byId.size}`,
      });
    },
    removeCluster(id) {
      if (!held.delete(id)) return false;
      note({ cluster: id, kind: 'cluster-removed', message: `${id} was removed` });
      return true;
    },
  };
  for (const cluster of clusters) catalogue.putCluster(cluster);
  return catalogue;
}

function differenceOf(before: DatabaseInstance, after: DatabaseInstance): string {
  const fields = Object.keys(after).filter((key): key is keyof DatabaseInstance => key in before);
  const changed = fields.filter((field) => before[field] !== after[field]);
  if (changed.length === 0) return `${after.id} is as it was`;
  return `${after.id}: ${changed.map((field) => `${field} from ${before[field]} to ${after[field]}`).join(', ')}`;
}
