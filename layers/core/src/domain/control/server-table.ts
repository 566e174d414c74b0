import type { ServerSpec } from './desired-state.ts';
import { departureOf, type ServerOverride, type ServerPlace } from './server-overrides.ts';

/** The servers of a namespace while they come together, each place once, with overrides applied to all that is put in. */
export interface ServerTable {
  put(server: ServerSpec): void;
  in(hostgroup: number): readonly ServerSpec[];
  has(place: ServerPlace): boolean;
  /** All that was put, as it was before overrides: what they ignore included. */
  offered(): readonly ServerSpec[];
  /** By hostgroup, host and port. */
  servers(): readonly ServerSpec[];
  warn(warning: string): void;
  /** In the order in which they came, none twice. */
  warnings(): readonly string[];
}

export function createServerTable(inForce: readonly ServerOverride[]): ServerTable {
  const servers = new Map<string, ServerSpec>();
  const offered = new Map<string, ServerSpec>();
  const warnings = new Set<string>();
  const table: ServerTable = {
    put(server) {
      const key = keyOf(server);
      if (!offered.has(key)) offered.set(key, server);
      const { weight = server.weight, isDrained, isPinned, isIgnored } = departureOf(inForce, server);
      if (isIgnored && !isPinned) return;
      if (isIgnored) warnings.add(`${nameOf(server)} is both pinned and ignored: it is kept`);
      const status = isDrained && server.status === 'online' ? 'draining' : server.status;
      const wanted = { ...server, weight, status };
      const held = servers.get(key);
      if (held === undefined) servers.set(key, wanted);
      else if (!isAlike(held, wanted)) {
        warnings.add(
          `${nameOf(server)} is described twice, and differently: as ${held.comment} says, not ${server.comment}`,
        );
      }
    },
    in: (hostgroup) => table.servers().filter((server) => server.hostgroup === hostgroup),
    has: (place) => servers.has(keyOf(place)),
    offered: () => [...offered.values()],
    servers: () => [...servers.values()].toSorted(byPlace),
    warn: (warning) => void warnings.add(warning),
    warnings: () => [...warnings],
  };
  return table;
}

/** `db-1:3306 in hostgroup 10`, for people. */
export function nameOf({
  hostgroup,
  host,
  port,
}: Omit<ServerPlace, 'hostgroup'> & { hostgroup: number | null }): string {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return hostgroup === null ? address : `${address} in hostgroup ${hostgroup}`;
}

export function byPlace(a: ServerPlace, b: ServerPlace): number {
  return a.hostgroup - b.hostgroup || (a.host < b.host ? -1 : Number(a.host > b.host)) || a.port - b.port;
}

function keyOf({ hostgroup, host, port }: ServerPlace): string {
  return JSON.stringify([hostgroup, host, port]);
}

function isAlike(a: ServerSpec, b: ServerSpec): boolean {
  const fields = ['weight', 'maxConnections', 'maxReplicationLagS', 'useSsl', 'status'] as const;
  return fields.every((field) => a[field] === b[field]);
}
