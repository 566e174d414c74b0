import { fieldsOf } from '@proxywatch/core/drivers/dcdb/namespaces/namespace-writes';
import { z } from 'zod';
import { dryRunQuery, identifier, identifierParams } from '#api/fields';
import { route } from '#api/route';
import { findNamespace, requireAdminOf } from './find-namespace.ts';
import { namespaceAnswer, namespaceFields } from './namespace-fields.ts';
import { addNamespace } from './revise-namespace.ts';

const { description, owner, tags, online } = namespaceFields;

export const cloneNamespace = route({
  module: 'namespaces',
  method: 'POST',
  path: '/v1/namespaces/{id}/actions/clone',
  operationId: 'cloneNamespace',
  summary: 'Creates a namespace with the rules, slices and limits of another',
  description:
    'Accounts are not copied: a password belongs to one account, and a copy of its hash would be one that two share. ' +
    'The copy begins offline unless `online` says otherwise.',
  role: 'admin',
  params: identifierParams,
  query: dryRunQuery,
  body: z.strictObject({
    name: identifier(),
    description: description.optional(),
    owner: owner.optional(),
    tags: tags.optional(),
    online: online.optional(),
  }),
  example: { name: 'orders-staging', description: 'as orders, for trials' },
  answers: {
    201: { description: 'the new namespace', schema: namespaceAnswer },
    200: { description: 'dry run: what it would be', schema: namespaceAnswer },
    404: { description: 'there is no such namespace, or none that the caller may see' },
    409: { description: 'there is a namespace of that name' },
  },
  handle(_, request) {
    const { name, ...given } = request.body;
    requireAdminOf(request.caller, name);
    return addNamespace(request, name, 'clone', async (tx) => {
      const original = await findNamespace(tx, request.params.id, 'viewer', request);
      return { ...fieldsOf(original), online: false, ...given };
    });
  },
});
