import type { StatusRecord } from '@proxywatch/core/domain/scan/scan-record';
import { fetchProxiesOf } from '@proxywatch/core/drivers/dcdb/accounts/proxies-of-namespace';
import { fetchStatuses } from '@proxywatch/core/drivers/scan/redis-sink';
import { z } from 'zod';
import { ok } from '#api/answer';
import { identifier } from '#api/fields';
import { route } from '#api/route';
import { staleSeconds } from './database-fields.ts';
import { fetchNamespaceServers, type NamespaceServers } from './namespace-servers.ts';
import { withAge } from './with-age.ts';

const onNoProxy = z.strictObject({
  cluster: z.string(),
  instance: z.string(),
  host: z.string(),
  port: z.int(),
  role: z.enum(['writer', 'reader']),
  ignored: z.boolean().meta({ description: 'an override leaves it out' }),
});

const unknownToService = z.strictObject({
  host: z.string(),
  port: z.int(),
  hostgroups: z.array(z.string()),
  proxies: z.array(z.string()),
  pinned: z.boolean().meta({ description: 'an override keeps it' }),
});

export const listOrphans = route({
  module: 'databases',
  method: 'GET',
  path: '/v1/databases/orphans',
  operationId: 'listOrphanServers',
  summary: 'Servers that the service knows and no proxy has, and those that proxies have and the service does not know',
  description:
    'Of the clusters that slices of the namespace use, and of its proxies by their latest status. While no proxy was ' +
    'observed lately, nothing is said to be on none.',
  role: 'viewer',
  query: z.strictObject({ namespace: identifier() }),
  answers: {
    200: {
      description: 'both kinds of orphans',
      schema: z.strictObject({
        namespace: identifier(),
        onNoProxy: z.array(onNoProxy),
        unknownToService: z.array(unknownToService),
        unobserved: z.array(z.string()).meta({ description: 'proxies without a recent status' }),
        uncertain: z.boolean().meta({ description: 'the service told too little, see warnings' }),
        warnings: z.array(z.string()),
        staleSeconds,
      }),
    },
    404: { description: 'there is no such namespace that the caller may see' },
    502: { description: 'the service answered what it must not' },
  },
  async handle(deps, request) {
    const { namespace } = request.query;
    const wanted = await fetchNamespaceServers(deps, namespace, 'viewer', request);
    const proxies = await fetchProxiesOf(deps.db, namespace, request.signal);
    const ids = proxies.map(({ registration }) => registration.id);
    const statuses = await fetchStatuses(deps.redis, ids, request.signal);
    const { isUncertain, warnings } = wanted.desired;
    const body = {
      namespace,
      ...orphansOf(wanted, statuses),
      unobserved: ids.filter((id) => statuses.get(id)?.status === undefined),
      uncertain: isUncertain,
      warnings,
    };
    return withAge(ok(body), wanted.staleSeconds);
  },
});

type Unknown = z.infer<typeof unknownToService>;

/** By address, not by hostgroup: the monitors of proxies move servers between hostgroups. */
function orphansOf({ instances, inForce }: NamespaceServers, statuses: ReadonlyMap<string, StatusRecord>) {
  const has = (kind: 'pin' | 'ignore', address: string) =>
    inForce.some((override) => override.kind === kind && addressOf(override) === address);
  const known = [...instances].flatMap(([cluster, { value = [] }]) => value.map((one) => ({ cluster, ...one })));
  const addresses = new Set(known.map(addressOf));

  const seen = new Map<string, Unknown>();
  const unknown = new Map<string, Unknown>();
  for (const [proxy, { status }] of statuses) {
    for (const { hostgroup, host, port } of status?.backends ?? []) {
      const address = addressOf({ host, port });
      const held = seen.get(address) ?? { host, port, hostgroups: [], proxies: [], pinned: has('pin', address) };
      seen.set(address, held);
      if (!held.hostgroups.includes(hostgroup)) held.hostgroups.push(hostgroup);
      if (!held.proxies.includes(proxy)) held.proxies.push(proxy);
      if (!addresses.has(address)) unknown.set(address, held);
    }
  }
  const isAnyObserved = [...statuses.values()].some(({ status }) => status !== undefined);
  const missing = isAnyObserved ? known.filter((one) => !seen.has(addressOf(one))) : [];
  return {
    onNoProxy: missing.map(({ cluster, id, host, port, role }) => {
      const ignored = has('ignore', addressOf({ host, port }));
      return { cluster, instance: id, host, port, role, ignored };
    }),
    unknownToService: [...unknown.values()],
  };
}

function addressOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return JSON.stringify([host, port]);
}
