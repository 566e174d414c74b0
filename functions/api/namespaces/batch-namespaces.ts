import { z } from 'zod';
import { batchRoute } from '#api/batch';
import { dryRunQuery, identifier, integer } from '#api/fields';
import { namespaceChanges } from './change-namespace.ts';
import { createFrom, newNamespace } from './create-namespace.ts';
import { removeNamespace } from './delete-namespace.ts';
import { reviseNamespace } from './revise-namespace.ts';

const known = { name: identifier(), revision: integer(1, 999_999_999_999).optional() };

const item = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('create'), namespace: newNamespace }),
  z.strictObject({ action: z.literal('update'), ...known, changes: namespaceChanges }),
  z.strictObject({ action: z.enum(['online', 'offline']), ...known }),
  z.strictObject({ action: z.literal('delete'), ...known }),
]);

export const batchNamespaces = batchRoute({
  module: 'namespaces',
  path: '/v1/namespaces/actions/batch',
  operationId: 'batchNamespaces',
  summary: 'Changes up to 100 namespaces, each by itself',
  description:
    'Each item is done, or refused, as its own request would be, with the roles that it would need; `revision` stands ' +
    'for If-Match, and without it the item is done whatever the revision is.',
  role: 'operator',
  query: dryRunQuery,
  body: item,
  example: { items: [{ action: 'offline', name: 'orders-staging' }] },
  handle(_, request) {
    const { body } = request;
    if (body.action === 'create') return createFrom(request, body.namespace);
    const own = { ...request, ifMatch: body.revision };
    if (body.action === 'delete') return removeNamespace(own, body.name);
    const changes = body.action === 'update' ? body.changes : { online: body.action === 'online' };
    return reviseNamespace(own, {
      name: body.name,
      role: 'operator',
      action: body.action,
      decide: (before) => ({ ...before, ...changes }),
    });
  },
});
