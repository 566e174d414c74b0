import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@proxywatch/core/domain/errors';
import type { Checksum } from '../layers/checksums.ts';
import type { ConfigLayers } from '../layers/config-layers.ts';
import { MODULES, type ModuleName } from '../layers/config-module.ts';
import type { ConnectPeer, Peer, PeerConnection, PeerRow } from './peer.ts';
import { shouldPull } from './pull-decision.ts';

export interface ClusterPull {
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}

export interface ClusterPullOptions {
  readonly layers: ConfigLayers;
  readonly connect: ConnectPeer;
  readonly pollMs: number;
  /** This node's own address, not asked. */
  readonly self: Peer;
  readonly log: (line: string) => void;
}

/**
 * Asks the nodes in runtime_proxysql_servers for their checksums and takes over what is newer there. ProxySQL waits for
 * three differing checks of a second each, yet was seen to follow within 0.8 s; we follow at the first difference.
 */
export function startClusterPull(options: ClusterPullOptions): ClusterPull {
  const { layers, pollMs, self, log } = options;
  const stopping = new AbortController();
  const followers = new Map<string, Follower>();

  async function round(): Promise<void> {
    const user = layers.variable('admin-cluster_username');
    const wanted =
      user === '' ? [] : peersOf(layers).filter(({ host, port }) => port !== self.port || host !== self.host);
    const keys = new Set(wanted.map((peer) => JSON.stringify(peer)));
    for (const [key, follower] of followers) {
      if (keys.has(key)) continue;
      follower.close();
      followers.delete(key);
    }
    await Promise.all(
      wanted.map(async (peer) => {
        const key = JSON.stringify(peer);
        const follower = followers.get(key) ?? createFollower(peer, options);
        followers.set(key, follower);
        try {
          await follower.follow(stopping.signal);
        } catch (error) {
          follower.close();
          if (follower.failedFirst()) log(`cluster: ${peer.host}:${peer.port} cannot be asked: ${messageOf(error)}`);
        }
      }),
    );
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await round();
      await sleep(pollMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    for (const follower of followers.values()) follower.close();
  }

  const running = run();
  return {
    stop() {
      stopping.abort();
      for (const follower of followers.values()) follower.close();
      return running;
    },
  };
}

interface Follower {
  follow(signal: AbortSignal): Promise<void>;
  /** True for the first failure since the last success, so that a node that is away is logged once. */
  failedFirst(): boolean;
  close(): void;
}

function createFollower(peer: Peer, { layers, connect, log }: ClusterPullOptions): Follower {
  let connection: PeerConnection | undefined;
  let failing = false;
  const pulledVersions = new Map<ModuleName, number>();
  // Content loaded here, or pulled from elsewhere, no longer comes from this peer.
  layers.onLoaded((name) => pulledVersions.delete(name));

  async function pull(name: ModuleName, from: PeerConnection, theirs: Checksum): Promise<void> {
    const tables = new Map<string, readonly PeerRow[]>();
    for (const [table, filter] of sourcesOf(name, layers)) {
      tables.set(table, await from.rows(`SELECT * FROM ${table}${filter}`));
    }
    layers.adopt(name, tables, theirs.epoch);
    pulledVersions.set(name, theirs.version);
    log(`cluster: took ${name} version ${theirs.version} from ${peer.host}:${peer.port}`);
  }

  return {
    async follow(signal) {
      const user = layers.variable('admin-cluster_username');
      connection ??= await connect(peer, { user, password: layers.variable('admin-cluster_password') });
      const rows = await connection.rows('SELECT name, version, epoch, checksum FROM runtime_checksums_values');
      for (const [name, version, epoch, checksum] of rows) {
        const module = MODULES.find((known) => known === name);
        if (module === undefined || signal.aborted || !isShared(module, layers)) continue;
        const theirs = { version: Number(version), epoch: Number(epoch), checksum: checksum ?? '' };
        if (shouldPull(layers.checksums.get(module), theirs, pulledVersions.get(module))) {
          await pull(module, connection, theirs);
        }
      }
      failing = false;
    },
    failedFirst() {
      const first = !failing;
      failing = true;
      return first;
    },
    close() {
      connection?.close();
      connection = undefined;
    },
  };
}

function peersOf(layers: ConfigLayers): readonly Peer[] {
  const rows = layers.module('proxysql_servers').runtime().get('runtime_proxysql_servers') ?? [];
  return rows.map(([host, port]) => ({ host: String(host), port: Number(port) }));
}

/** The runtime tables of a module, each with the part of it that belongs to the module. */
function sourcesOf(name: ModuleName, layers: ConfigLayers): readonly (readonly [string, string])[] {
  const prefix = name.endsWith('_variables') ? ` WHERE variable_name LIKE '${name.split('_')[0]}-%'` : '';
  return [...layers.module(name).runtime().keys()].map((table) => [table, prefix]);
}

function isShared(name: ModuleName, layers: ConfigLayers): boolean {
  return layers.variable(`admin-cluster_${name}_diffs_before_sync`) !== '0';
}
