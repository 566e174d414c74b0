import { syncGroups } from '@proxywatch/core/domain/control/sync-groups';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { ProxyRecord } from '@proxywatch/core/drivers/dcdb/proxy-repository';
import type { ControlFacts } from '@proxywatch/core/ports/proxy-control';

export type Peers = ControlFacts['clusterPeers'];

/** Throws CONFLICT for a proxy that was given away, let go of or retired: it is not ours to write. */
export function requireOurs(
  record: ProxyRecord | undefined,
  id: string,
  namespace: string,
): asserts record is ProxyRecord {
  const isOurs = record?.managed === true && record.registration.namespace === namespace && record.state !== 'retired';
  if (!isOurs) throw new ProxywatchError('CONFLICT', `${id} is not a managed proxy of ${namespace} any more`);
}

/**
 * Throws CONFLICT when somebody else pulls a group's configuration by now: who joined its cluster since would be changed
 * without a pre-image. `peers` has those of each member.
 */
export function requireNoOthers(
  registered: readonly ProxyRecord[],
  namespace: string,
  peers: ReadonlyMap<string, Peers>,
): void {
  const candidates = registered
    .filter(({ state }) => state !== 'retired')
    .map(({ managed, registration: { id, namespace: home, adminHost, adminPort } }) => ({
      ...{ id, namespace: home, adminHost, adminPort, managed },
      peers: peers.get(id) ?? [],
    }));
  for (const { members, refusals } of syncGroups(candidates, namespace)) {
    if (!members.some((member) => peers.has(member))) continue;
    const [refusal] = refusals;
    if (refusal !== undefined) throw new ProxywatchError('CONFLICT', refusal);
    const others = members.filter((member) => !peers.has(member));
    if (others.length === 0) continue;
    const own = members.find((member) => peers.has(member));
    throw new ProxywatchError('CONFLICT', `${own} pulls the same configuration as ${others.join(', ')} by now`);
  }
}
