import { messageOf } from '@proxywatch/core/domain/errors';
import type { Checksum } from '../layers/checksums.ts';
import type { ConfigLayers } from '../layers/config-layers.ts';
import { MODULES, type ModuleName } from '../layers/config-module.ts';
import type { ClusterPullOptions } from './cluster-pull.ts';
import { NODE_COUNTERS, NodeView } from './node-view.ts';
import type { Peer, PeerConnection, PeerRow } from './peer.ts';
import { shouldPull } from './pull-decision.ts';

// Metrics of a node change all the time and matter to nobody but people: ProxySQL too asks for them at every tenth check.
const LOOKS_PER_COUNT = 10;
const COUNTERS = `SELECT variable_name, variable_value FROM stats_mysql_global WHERE variable_name IN (${NODE_COUNTERS.map((name) => `'${name}'`).join()})`;

/** Follows one node of the cluster. */
export interface PeerFollower {
  /** What the peer told last. */
  readonly view: NodeView;
  /** Starts one look at the peer, unless the last one still runs: a peer that hangs holds up nobody else. */
  poll(): void;
  close(): Promise<void>;
}

export function createPeerFollower(
  peer: Peer,
  { layers, connect, log, nowMs }: Pick<ClusterPullOptions, 'layers' | 'connect' | 'log' | 'nowMs'>,
  signal: AbortSignal,
): PeerFollower {
  let connection: PeerConnection | undefined;
  let running: Promise<void> | undefined;
  let failing = false;
  let looks = 0;
  const view = new NodeView(peer, nowMs);
  const pulledVersions = new Map<ModuleName, number>();
  // Content loaded here, or pulled from elsewhere, no longer comes from this peer.
  layers.onLoaded((name) => pulledVersions.delete(name));

  async function look(): Promise<void> {
    try {
      connection ??= await connect(peer, credentialsOf(layers));
      const rows = await connection.rows('SELECT name, version, epoch, checksum FROM runtime_checksums_values');
      view.sawChecksums(rows);
      if (looks++ % LOOKS_PER_COUNT === 0) await count(connection);
      for (const [name, theirs] of checksumsOf(rows)) {
        if (signal.aborted || !isShared(name, layers)) continue;
        if (shouldPull(layers.checksums.get(name), theirs, pulledVersions.get(name))) {
          await pull(name, connection, theirs);
        }
      }
      failing = false;
    } catch (error) {
      disconnect();
      // Once until the next success, or a node that is away fills the log.
      if (!failing && !signal.aborted) log(`cluster: cannot follow ${peer.host}:${peer.port}: ${messageOf(error)}`);
      failing = true;
    }
  }

  async function count(from: PeerConnection): Promise<void> {
    const askedAtMs = nowMs();
    view.sawCounters(await from.rows(COUNTERS), Math.max(0, nowMs() - askedAtMs));
  }

  async function pull(name: ModuleName, from: PeerConnection, theirs: Checksum): Promise<void> {
    const tables = new Map<string, readonly PeerRow[]>();
    for (const table of layers.module(name).runtime().keys()) {
      tables.set(table, await from.rows(`SELECT * FROM ${table}${partOf(name)}`));
    }
    if (signal.aborted) return;
    layers.adopt(name, tables, theirs.epoch);
    pulledVersions.set(name, theirs.version);
    log(`cluster: took ${name} version ${theirs.version} from ${peer.host}:${peer.port}`);
  }

  function disconnect(): void {
    connection?.close();
    connection = undefined;
  }

  return {
    view,
    poll() {
      running ??= look().finally(() => {
        running = undefined;
      });
    },
    async close() {
      await running;
      disconnect();
    },
  };
}

const credentialsOf = (layers: ConfigLayers): { user: string; password: string } => ({
  user: layers.variable('admin-cluster_username'),
  password: layers.variable('admin-cluster_password'),
});

function checksumsOf(rows: readonly PeerRow[]): readonly (readonly [ModuleName, Checksum])[] {
  return rows.flatMap(([name, version, epoch, checksum]) => {
    const module = MODULES.find((known) => known === name);
    if (module === undefined) return [];
    return [[module, { version: Number(version), epoch: Number(epoch), checksum: checksum ?? '' }] as const];
  });
}

/** Both modules of variables share one table. */
function partOf(name: ModuleName): string {
  if (name === 'mysql_variables') return " WHERE variable_name LIKE 'mysql-%'";
  return name === 'admin_variables' ? " WHERE variable_name LIKE 'admin-%'" : '';
}

function isShared(name: ModuleName, layers: ConfigLayers): boolean {
  return layers.variable(`admin-cluster_${name}_diffs_before_sync`) !== '0';
}
