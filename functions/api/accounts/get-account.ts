import { fetchProxiesOf } from '@proxywatch/core/drivers/dcdb/accounts/proxies-of-namespace';
import { fetchStatuses } from '@proxywatch/core/drivers/scan/redis-sink';
import { z } from 'zod';
import { okRevised } from '#api/answer';
import type { ApiDeps } from '#api/api-deps';
import { idParams } from '#api/fields';
import { route } from '#api/route';
import { accountAnswer, connectionsPerProxy } from './account-fields.ts';
import { accountResource } from './account-resource.ts';
import { findAccount } from './find-account.ts';

const accountWithRuntime = accountAnswer.extend({
  connections: z
    .array(connectionsPerProxy)
    .meta({ description: 'client connections, by the latest status of each proxy that has one and knows the user' }),
  unobserved: z.array(z.string()).meta({ description: 'proxies of the namespace without a recent status' }),
});

export const getAccount = route({
  module: 'accounts',
  method: 'GET',
  path: '/v1/accounts/{id}',
  operationId: 'getAccount',
  summary: 'An account with its client connections on each proxy',
  description:
    'This is what is wanted. Whether the proxies have it is told by a plan of the namespace, and by its drift.',
  role: 'viewer',
  params: idParams,
  answers: {
    200: { description: 'the account', schema: accountWithRuntime },
    404: { description: 'there is no such account, or none that the caller may see' },
  },
  async handle(deps, request) {
    const account = await findAccount(deps.db, request.params.id, 'viewer', request);
    const runtime = await fetchConnections(deps, account.namespace, account.spec.username, request.signal);
    return okRevised({ ...accountResource(account), ...runtime });
  },
});

export interface AccountConnections {
  readonly connections: readonly z.infer<typeof connectionsPerProxy>[];
  readonly unobserved: readonly string[];
}

/** Client connections of a user as the scanner saw them last. */
export async function fetchConnections(
  { db, redis }: Pick<ApiDeps, 'db' | 'redis'>,
  namespace: string,
  username: string,
  signal: AbortSignal,
): Promise<AccountConnections> {
  const proxies = await fetchProxiesOf(db, namespace, signal);
  const ids = proxies.map(({ registration }) => registration.id);
  const statuses = await fetchStatuses(redis, ids, signal);
  const connections: z.infer<typeof connectionsPerProxy>[] = [];
  const unobserved: string[] = [];
  for (const proxy of ids) {
    const record = statuses.get(proxy);
    if (record?.status === undefined) unobserved.push(proxy);
    const held = record?.status?.users.find(({ user }) => user === username);
    if (record === undefined || held === undefined) continue;
    const { connections: count, maxConnections } = held;
    connections.push({ proxy, connections: count, maxConnections, observedAt: isoOf(record.observedAtMs) });
  }
  return { connections, unobserved };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
