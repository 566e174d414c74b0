import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { deleteAccount as deleteRow } from '@proxywatch/core/drivers/dcdb/accounts/account-writes';
import { z } from 'zod';
import { type Answer, noContent } from '#api/answer';
import type { ApiDeps } from '#api/api-deps';
import type { ApiRequest } from '#api/api-request';
import { dryRun, idParams, queryFlag } from '#api/fields';
import { route } from '#api/route';
import { accountResource } from './account-resource.ts';
import { findAccount, lockAccount } from './find-account.ts';
import { fetchConnections } from './get-account.ts';

export const deleteAccount = route({
  module: 'accounts',
  method: 'DELETE',
  path: '/v1/accounts/{id}',
  operationId: 'deleteAccount',
  summary: 'Deletes an account',
  description:
    'Refused while clients are connected with it, by the latest status of each proxy, unless `force=true`. The proxies ' +
    'lose it once a plan of the namespace was applied; sessions that are open then go on until they are killed.',
  role: 'operator',
  params: idParams,
  query: z.strictObject({ dryRun: dryRun(), force: queryFlag().optional() }),
  needsIfMatch: true,
  answers: {
    204: { description: 'it is deleted; of a dry run: it could be' },
    404: { description: 'there is no such account, or none that the caller may see' },
    409: { description: 'clients are connected with it' },
  },
  handle: (deps, request) => removeAccount(deps, request, request.params.id, request.query.force === true),
});

type Changing = Pick<ApiRequest<unknown, unknown, unknown>, 'change' | 'signal' | 'caller' | 'ifMatch'>;

export async function removeAccount(deps: ApiDeps, request: Changing, id: string, force: boolean): Promise<Answer> {
  const { signal } = request;
  const account = await findAccount(deps.db, id, 'operator', request);
  if (!force) await requireUnused(deps, account.namespace, account.spec.username, signal);
  return request.change(async (tx, audit) => {
    const before = await lockAccount(tx, id, 'operator', request);
    await deleteRow(tx, id, signal);
    const { namespace } = before;
    audit({ action: 'delete', resourceType: 'account', resourceId: id, namespace, before: accountResource(before) });
    return noContent();
  });
}

async function requireUnused(deps: ApiDeps, namespace: string, username: string, signal: AbortSignal): Promise<void> {
  const { connections } = await fetchConnections(deps, namespace, username, signal);
  const busy = connections.filter(({ connections: count }) => count > 0);
  if (busy.length === 0) return;
  const where = busy.slice(0, 10).map(({ proxy, connections: count }) => `${count} on ${proxy}`);
  throw new ProxywatchError(
    'CONFLICT',
    `clients are connected with it: ${where.join(', ')}; force=true deletes it anyway`,
  );
}
