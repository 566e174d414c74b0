import type { ClusterInstances } from '@proxywatch/core/domain/control/cluster-instances';
import { type DesiredServers, desiredServers } from '@proxywatch/core/domain/control/desired-servers';
import type { ServerSpec } from '@proxywatch/core/domain/control/desired-state';
import { effectiveVariables } from '@proxywatch/core/domain/control/effective-variables';
import type { ServerOverride, ServerPlace } from '@proxywatch/core/domain/control/server-overrides';
import { errorCodeOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import { fetchAccounts } from '@proxywatch/core/drivers/dcdb/accounts/account-repository';
import { fetchNamespaceSpec } from '@proxywatch/core/drivers/dcdb/namespaces/namespace-specs';
import { fetchServerOverrides } from '@proxywatch/core/drivers/dcdb/servers/server-overrides';
import { fetchVariableSettings, openSettings } from '@proxywatch/core/drivers/dcdb/variables/variable-settings';
import type { ProxyControl, RenderedConfig } from '@proxywatch/core/ports/proxy-control';
import type { ControlDeps } from './control-deps.ts';

export type DesiredDeps = Pick<ControlDeps, 'db' | 'databases' | 'secrets' | 'nowMs'>;

/** What a namespace's proxies should be, as it stands now. */
export interface NamespaceDesired {
  readonly revision: number;
  /** `undefined`: nobody could say, and servers must be left alone. */
  readonly servers: DesiredServers | undefined;
  /** The rows of one proxy: variables differ. Without servers those tables are absent. */
  render(control: ProxyControl, proxyId: string, signal: AbortSignal): Promise<RenderedConfig>;
}

/** Puts together what operators want of a namespace. Rejects with NOT_FOUND, STORE_UNAVAILABLE, SERVICE_REFUSED. */
export async function fetchDesired(
  deps: DesiredDeps,
  namespace: string,
  signal: AbortSignal,
): Promise<NamespaceDesired> {
  const { db, secrets } = deps;
  const found = await fetchNamespaceSpec(db, namespace, signal);
  if (found === undefined) throw new ProxywatchError('NOT_FOUND', `there is no namespace ${namespace}`);
  const accounts = (await fetchAccounts(db, namespace, signal)).map(({ spec }) => spec);
  const servers = await fetchServers(deps, found.spec, signal);
  const settings = new Map<string, ReturnType<typeof fetchVariableSettings>>();
  return {
    revision: found.revision,
    servers,
    async render(control, proxyId, limit) {
      const ofKind = settings.get(control.kind) ?? fetchVariableSettings(db, { kind: control.kind, namespace }, signal);
      settings.set(control.kind, ofKind);
      const effective = effectiveVariables(await ofKind, { namespace, proxyId });
      const variables = await openSettings(secrets, effective, limit);
      const rendered = control.render({ namespace: found.spec, accounts, servers: servers?.servers ?? [], variables });
      if (servers !== undefined) return rendered;
      const { servers: _, replicationHostgroups: __, ...tables } = rendered.tables;
      return { ...rendered, tables };
    },
  };
}

/** Where servers are to be otherwise for no other reason than that these overrides have run out. */
export async function fetchReturningPlaces(
  deps: DesiredDeps,
  namespace: string,
  returning: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly ServerPlace[]> {
  const found = await fetchNamespaceSpec(deps.db, namespace, signal);
  if (found === undefined) throw new ProxywatchError('NOT_FOUND', `there is no namespace ${namespace}`);
  const overrides = await fetchServerOverrides(deps.db, namespace, signal);
  const still = overrides.map((one) => (returning.has(one.id) ? { ...one, expiresAtMs: null } : one));
  const [before, after] = await Promise.all(
    [still, overrides].map((each) => fetchServers(deps, found.spec, signal, each)),
  );
  return placesThatDiffer(before?.servers ?? [], after?.servers ?? []);
}

function placesThatDiffer(some: readonly ServerSpec[], others: readonly ServerSpec[]): readonly ServerPlace[] {
  const [left, right] = [some, others].map((specs) => new Set(specs.map((spec) => JSON.stringify(spec))));
  const isOnly = (there: ReadonlySet<string> | undefined) => (spec: ServerSpec) => !there?.has(JSON.stringify(spec));
  return [...some.filter(isOnly(right)), ...others.filter(isOnly(left))];
}

async function fetchServers(
  { db, databases, nowMs }: DesiredDeps,
  spec: NonNullable<Awaited<ReturnType<typeof fetchNamespaceSpec>>>['spec'],
  signal: AbortSignal,
  given?: readonly ServerOverride[],
): Promise<DesiredServers | undefined> {
  const overrides = given ?? (await fetchServerOverrides(db, spec.name, signal));
  const clusters = [...new Set(spec.slices.map(({ cluster }) => cluster))];
  try {
    const answers = await Promise.all(
      clusters.map(
        async (cluster): Promise<[string, ClusterInstances]> => [
          cluster,
          await databases.fetchInstances(cluster, signal),
        ],
      ),
    );
    return desiredServers(spec.slices, new Map(answers), overrides, nowMs());
  } catch (error) {
    const code = errorCodeOf(error);
    // Whatever it says that it must not is no reason to touch servers either.
    if (code === 'SERVICE_UNREACHABLE' || code === 'SERVICE_REFUSED') return undefined;
    throw error;
  }
}
