import { type Caller, requireRole } from '@proxywatch/core/domain/access/caller';
import type { Role } from '@proxywatch/core/domain/access/role';
import type { ClusterInstances } from '@proxywatch/core/domain/control/cluster-instances';
import { type DesiredServers, desiredServers } from '@proxywatch/core/domain/control/desired-servers';
import type { NamespaceSpec } from '@proxywatch/core/domain/control/desired-state';
import { overridesInForce, type ServerOverride } from '@proxywatch/core/domain/control/server-overrides';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { fetchInstancesOf } from '@proxywatch/core/drivers/dbconfig/fetch-instances';
import { fetchNamespaceSpec } from '@proxywatch/core/drivers/dcdb/namespaces/namespace-specs';
import { fetchServerOverrides } from '@proxywatch/core/drivers/dcdb/servers/server-overrides';
import type { ApiDeps } from '#api/api-deps';

export interface NamespaceServers {
  readonly spec: NamespaceSpec;
  readonly instances: ReadonlyMap<string, ClusterInstances>;
  readonly inForce: readonly ServerOverride[];
  readonly desired: DesiredServers;
  /** Of the oldest answer in it. */
  readonly staleSeconds: number;
}

/**
 * What the proxies of a namespace should have for servers. Throws NOT_FOUND and FORBIDDEN; rejects with SERVICE_UNREACHABLE
 * when the service is away and a cluster of the namespace is not remembered.
 */
export async function fetchNamespaceServers(
  { db, databases, nowMs }: Pick<ApiDeps, 'db' | 'databases' | 'nowMs'>,
  namespace: string,
  role: Role,
  { caller, signal }: { readonly caller: Caller; readonly signal: AbortSignal },
): Promise<NamespaceServers> {
  requireRole(caller, role, namespace, `namespace ${namespace}`);
  const found = await fetchNamespaceSpec(db, namespace, signal);
  if (found === undefined) throw new ProxywatchError('NOT_FOUND', `there is no namespace ${namespace}`);
  const { spec } = found;
  const overrides = await fetchServerOverrides(db, namespace, signal);
  const instances = await fetchInstancesOf(databases, spec.slices, signal);
  return {
    spec,
    instances,
    inForce: overridesInForce(overrides, nowMs()),
    desired: desiredServers(spec.slices, instances, overrides, nowMs()),
    staleSeconds: Math.max(0, ...[...instances.values()].map(({ staleSeconds }) => staleSeconds)),
  };
}
