import type { LabControl, LabRuntime, LabStats } from '../contract.ts';
import { type ClusterPull, startClusterPull } from './cluster/cluster-pull.ts';
import { connectPeer, type Peer } from './cluster/peer.ts';
import { createConfigLayers } from './layers/config-layers.ts';
import { createRuntimeView } from './layers/runtime-view.ts';
import { VARIABLE_RULES } from './layers/variable-rules.ts';
import type { Client } from './statements/command.ts';
import { createExecutor } from './statements/executor.ts';
import { createRefresh } from './statements/refresh.ts';
import { openDatabases } from './storage/databases.ts';
import { runSql } from './storage/sql.ts';
import { listenForClients } from './wire/admin-server.ts';
import { type LoginAttempt, parseCredentials, provesPassword } from './wire/login.ts';

export interface AdminInterfaceOptions {
  /** Folder of what was SAVEd TO DISK; a second start on it continues from there. */
  readonly dataDir: string;
  /** @default the recorded ProxySQL's */
  readonly version?: string;
  /** Nodes of the cluster, this one included or not. @default none */
  readonly peers?: readonly Peer[];
  /** Variables other than the recorded ones, by full name; used at the first start on `dataDir` only. */
  readonly variables?: Readonly<Record<string, string>>;
  /** SQL that fills the memory tables at the first start on `dataDir`, before they are saved and loaded. */
  readonly firstRun?: readonly string[];
  readonly log: (line: string) => void;
  /** How often peers are asked. @default 250 */
  readonly clusterPollMs?: number;
  readonly nowMs?: () => number;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly stats: LabStats;
  /** @default commands on the process answer OK and do nothing */
  readonly control?: LabControl;
}

/** The admin interface of one lab proxy. */
export interface AdminInterface {
  /** What is loaded, for the traffic side; there before anyone listens. */
  readonly runtime: LabRuntime;
  /** Errors: PORT_TAKEN, SERVICE_START_FAILED. */
  listen(options: ListenOptions): Promise<{ readonly port: number }>;
  /** Drops all clients, leaves the cluster, closes the databases. */
  close(): Promise<void>;
}

/**
 * Opens the configuration: disk to memory to runtime. The traffic side is built on `runtime`, then `listen` is given its
 * statistics.
 */
export function openAdminInterface(options: AdminInterfaceOptions): AdminInterface {
  const { dataDir, log, peers = [], nowMs = Date.now } = options;
  const databases = openDatabases(dataDir);
  const layers = createConfigLayers(databases.admin, { initialVariables: initialVariables(options), nowMs });
  const stopped: (() => Promise<void>)[] = [];
  let stats: LabStats | undefined;
  let cluster: ClusterPull | undefined;

  if (databases.firstRun) {
    const add = 'INSERT INTO main.proxysql_servers (hostname, port) VALUES (?, ?)';
    for (const { host, port } of peers) runSql(databases.admin, add, host, port);
    for (const sql of options.firstRun ?? []) databases.admin.exec(sql);
  }
  layers.start(databases.firstRun);
  layers.onLoaded((module) => {
    if (module === 'mysql_query_rules') stats?.onRulesLoaded();
  });

  /** As administrator, or else as the user that may only read statistics. */
  function clientOf(attempt: LoginAttempt, address: string): Client | undefined {
    for (const role of ['admin', 'stats'] as const) {
      const password = parseCredentials(layers.variable(`admin-${role}_credentials`)).get(attempt.user);
      if (password !== undefined && provesPassword(attempt, password)) return { role, user: attempt.user, address };
    }
    return undefined;
  }

  return {
    runtime: createRuntimeView(layers),
    async listen({ host, port, stats: given, control = async () => undefined }) {
      stats = given;
      const execute = createExecutor({
        databases,
        layers,
        refresh: createRefresh(databases.admin, layers, { stats: () => stats, nodes: () => cluster?.nodes() ?? [] }),
        version: layers.variable('admin-version'),
        control,
        nowMs,
        stats: () => stats,
      });
      const server = await listenForClients(
        { host, port },
        {
          serverVersion: () => layers.variable('mysql-server_version'),
          logIn(attempt, address) {
            const client = clientOf(attempt, address);
            return client && { statement: (text) => execute(text, client) };
          },
          log,
        },
      );
      stopped.push(server.close);
      cluster = startClusterPull({
        layers,
        connect: connectPeer,
        pollMs: options.clusterPollMs ?? 250,
        self: { host, port: server.port },
        log,
        nowMs,
        counters: () => given.rowsOf('stats_mysql_global'),
      });
      stopped.push(cluster.stop);
      return { port: server.port };
    },
    async close() {
      await Promise.all(stopped.splice(0).map((stop) => stop()));
      databases.close();
    },
  };
}

/** The recorded values, then what a cluster needs, then the caller's own. */
function initialVariables({ peers = [], version, variables = {} }: AdminInterfaceOptions): ReadonlyMap<string, string> {
  const cluster = {
    'admin-admin_credentials': 'admin:admin;cluster:clusterpw',
    'admin-cluster_username': 'cluster',
    'admin-cluster_password': 'clusterpw',
  };
  return new Map(
    Object.entries({
      ...Object.fromEntries([...VARIABLE_RULES.values()].map(({ name, value }) => [name, value])),
      ...(peers.length > 0 ? cluster : {}),
      ...(version === undefined ? {} : { 'admin-version': version }),
      ...variables,
    }),
  );
}
