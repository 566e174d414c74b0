import type { ClusterPeer } from '../proxy-state.ts';

/** A proxy as the registry has it, with what it says of its cluster. */
export interface GroupCandidate {
  readonly id: string;
  readonly namespace: string;
  readonly adminHost: string;
  readonly adminPort: number;
  readonly managed: boolean;
  /** Of proxies outside of the namespace, and of those that could not be asked: none. */
  readonly peers: readonly Pick<ClusterPeer, 'host' | 'port'>[];
}

/** Proxies that pull each other's configuration: a LOAD on one is a LOAD on all. */
export interface SyncGroup {
  /** Id of its first member. */
  readonly id: string;
  /** By id. */
  readonly members: readonly string[];
  readonly kind: 'managed' | 'watched';
  /** Why it must not be changed, in words; empty: it may. */
  readonly refusals: readonly string[];
}

/**
 * The groups of a namespace's proxies: connected by the addresses of their peers, whichever side names the other. A group
 * with a peer that is not registered, not of the namespace or not managed is refused, since it would be changed as well.
 * `registered` has all proxies there are.
 */
export function syncGroups(registered: readonly GroupCandidate[], namespace: string): readonly SyncGroup[] {
  const byAddress = new Map(registered.map((proxy) => [addressOf(proxy.adminHost, proxy.adminPort), proxy.id]));
  const byId = new Map(registered.map((proxy) => [proxy.id, proxy]));
  const neighbours = new Map<string, Set<string>>(registered.map(({ id }) => [id, new Set()]));
  const strangers = new Map<string, string[]>();
  for (const { id, peers } of registered) {
    for (const { host, port } of peers) {
      const peer = byAddress.get(addressOf(host, port));
      if (peer === undefined) strangers.set(id, [...(strangers.get(id) ?? []), `${host}:${port}`]);
      else {
        neighbours.get(id)?.add(peer);
        neighbours.get(peer)?.add(id);
      }
    }
  }
  const seen = new Set<string>();
  const groups: SyncGroup[] = [];
  for (const { id } of registered.filter((proxy) => proxy.namespace === namespace).toSorted(byIdOrder)) {
    if (seen.has(id)) continue;
    const members = reachableFrom(id, neighbours).toSorted();
    for (const member of members) seen.add(member);
    groups.push(
      groupOf(
        members.flatMap((member) => byId.get(member) ?? []),
        namespace,
        strangers,
      ),
    );
  }
  return groups;
}

function groupOf(
  members: readonly GroupCandidate[],
  namespace: string,
  strangers: ReadonlyMap<string, readonly string[]>,
): SyncGroup {
  const own = members.filter((member) => member.namespace === namespace);
  const ids = members.map(({ id }) => id);
  const id = own[0]?.id ?? '';
  if (!own.some(({ managed }) => managed)) return { id, members: ids, kind: 'watched', refusals: [] };
  const refusals = members.flatMap((member) => [
    ...(member.namespace === namespace
      ? []
      : [`${member.id} pulls the same configuration and belongs to the namespace ${member.namespace}`]),
    ...(member.managed ? [] : [`${member.id} pulls the same configuration and is not managed`]),
    ...(strangers.get(member.id) ?? []).map((peer) => `${member.id} syncs with ${peer}, which is not registered`),
  ]);
  return { id, members: ids, kind: 'managed', refusals };
}

function reachableFrom(start: string, neighbours: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const found = new Set([start]);
  for (const id of found) for (const next of neighbours.get(id) ?? []) found.add(next);
  return [...found];
}

function addressOf(host: string, port: number): string {
  return JSON.stringify([host.toLowerCase(), port]);
}

function byIdOrder(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}
