import { requireRole } from '@proxywatch/core/domain/access/caller';
import { z } from 'zod';
import { batchRoute } from '#api/batch';
import { dryRunQuery, flag, integer, uuid } from '#api/fields';
import { accountChanges, changeFields } from './change-account.ts';
import { addAccount, newAccount } from './create-account.ts';
import { removeAccount } from './delete-account.ts';

const one = {
  id: uuid(),
  revision: integer(1, Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({ description: 'as If-Match: refused with 412 when the account has another one' }),
};

const item = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('create'), account: newAccount }),
  z.strictObject({ action: z.literal('update'), ...one, changes: accountChanges }),
  z.strictObject({ action: z.literal('enable'), ...one }),
  z.strictObject({ action: z.literal('disable'), ...one }),
  z.strictObject({ action: z.literal('delete'), ...one, force: flag().optional() }),
]);

export const batchAccounts = batchRoute({
  module: 'accounts',
  path: '/v1/accounts/actions/batch',
  operationId: 'batchAccounts',
  summary: 'Creates, changes and deletes up to 100 accounts',
  role: 'operator',
  query: dryRunQuery,
  body: item,
  example: {
    items: [
      {
        action: 'create',
        account: {
          namespace: 'shop',
          username: 'report',
          password: 'a long secret',
          defaultHostgroup: 20,
          access: 'ro',
        },
      },
      { action: 'disable', id: '0192f0c1-2f7e-4c53-9a51-0d7a3f1f2b11' },
    ],
  },
  handle(deps, request) {
    const { body } = request;
    if (body.action === 'create') {
      const { namespace } = body.account;
      requireRole(request.caller, 'operator', namespace, `namespace ${namespace}`);
      return addAccount(deps, request, body.account);
    }
    const known = { ...request, ifMatch: body.revision };
    if (body.action === 'delete') return removeAccount(deps, known, body.id, body.force === true);
    const changes = body.action === 'update' ? body.changes : { active: body.action === 'enable' };
    return changeFields(known, body.id, changes, body.action);
  },
});
