import type { PortSettings } from '../port-settings.ts';
import type { BackendServer, PooledConnection } from './backend-server.ts';

/** By weight among a hostgroup's servers that are ONLINE and can give a connection now; `fraction` in [0, 1) decides. */
export function chooseServer(
  servers: readonly BackendServer[],
  hostgroup: number,
  settings: Pick<PortSettings, 'shunRecoveryMs'>,
  fraction: number,
): BackendServer | undefined {
  const able = servers.filter(
    (server) =>
      server.config.hostgroup === hostgroup &&
      server.config.weight > 0 &&
      server.status(settings) === 'ONLINE' &&
      (server.size < server.config.maxConnections || server.idle.size > 0),
  );
  let point = fraction * able.reduce((sum, { config }) => sum + config.weight, 0);
  for (const server of able) {
    point -= server.config.weight;
    if (point < 0) return server;
  }
  return able[0];
}

/** What a session needs of an idle connection. */
export interface Fit {
  readonly loginKey: string;
  readonly schema: string;
  readonly settings: ReadonlyMap<string, string>;
}

/** The idle connection that needs the least change; none that carries a setting the session does not want. */
export function chooseIdle(idle: Iterable<PooledConnection>, { loginKey, schema, settings }: Fit) {
  let best: PooledConnection | undefined;
  for (const pooled of idle) {
    if (pooled.loginKey !== loginKey || !pooled.connection.alive) continue;
    if (!pooled.connection.settings.keys().every((name) => name === 'autocommit' || settings.has(name))) continue;
    if (pooled.connection.schema === schema) return pooled;
    best ??= pooled;
  }
  return best;
}
