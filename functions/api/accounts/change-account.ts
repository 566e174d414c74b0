import { type AccountFields, updateAccount } from '@proxywatch/core/drivers/dcdb/accounts/account-writes';
import { z } from 'zod';
import { type Answer, okRevised } from '#api/answer';
import type { ApiRequest } from '#api/api-request';
import { dryRunQuery, idParams } from '#api/fields';
import { route } from '#api/route';
import { accountAnswer, accountFields } from './account-fields.ts';
import { accountResource } from './account-resource.ts';
import { lockAccount, reread } from './find-account.ts';

export const accountChanges = z.strictObject(accountFields).partial();

export const changeAccount = route({
  module: 'accounts',
  method: 'PATCH',
  path: '/v1/accounts/{id}',
  operationId: 'changeAccount',
  summary: 'Changes an account, field by field',
  description:
    'Name, namespace and password cannot be changed here: another name is another account, and a password is rotated. ' +
    'The change is on the proxies once a plan of the namespace was applied.',
  role: 'operator',
  params: idParams,
  query: dryRunQuery,
  body: accountChanges,
  needsIfMatch: true,
  example: { maxConnections: 200, comment: 'more of them since the sale' },
  answers: {
    200: { description: 'the account', schema: accountAnswer },
    404: { description: 'there is no such account, or none that the caller may see' },
  },
  handle: (_, request) => changeFields(request, request.params.id, request.body, 'update'),
});

export const enableAccount = switchRoute('enable', true, 'Lets clients log in with an account again');
export const disableAccount = switchRoute('disable', false, 'Has nobody log in with an account any more');

function switchRoute(verb: 'enable' | 'disable', active: boolean, summary: string) {
  return route({
    module: 'accounts',
    method: 'POST',
    path: `/v1/accounts/{id}/actions/${verb}`,
    operationId: `${verb}Account`,
    summary,
    description: active
      ? 'An account that has expired stays inactive until `expiresAt` is changed as well.'
      : 'Open sessions go on once the change was applied: end them with kill-sessions.',
    role: 'operator',
    params: idParams,
    query: dryRunQuery,
    answers: {
      200: { description: 'the account', schema: accountAnswer },
      404: { description: 'there is no such account, or none that the caller may see' },
    },
    handle: (_, request) => changeFields(request, request.params.id, { active }, verb),
  });
}

type Changing = Pick<ApiRequest<unknown, unknown, unknown>, 'change' | 'signal' | 'caller' | 'ifMatch'>;

export function changeFields(
  request: Changing,
  id: string,
  changes: Partial<AccountFields>,
  action: string,
): Promise<Answer> {
  const { signal } = request;
  return request.change(async (tx, audit) => {
    const before = await lockAccount(tx, id, 'operator', request);
    await updateAccount(tx, id, changes, signal);
    const after = accountResource(await reread(tx, id, signal));
    const { namespace } = before;
    audit({ action, resourceType: 'account', resourceId: id, namespace, before: accountResource(before), after });
    return okRevised(after);
  });
}
