import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { fetchReferences } from '@proxywatch/core/drivers/dcdb/namespaces/namespace-references';
import { deleteNamespace as deleteRow } from '@proxywatch/core/drivers/dcdb/namespaces/namespace-writes';
import { type Answer, noContent } from '#api/answer';
import { dryRunQuery, identifierParams } from '#api/fields';
import { route } from '#api/route';
import { lockNamespace } from './find-namespace.ts';
import { namespaceResource } from './namespace-resource.ts';
import type { Changing } from './revise-namespace.ts';

export const deleteNamespace = route({
  module: 'namespaces',
  method: 'DELETE',
  path: '/v1/namespaces/{id}',
  operationId: 'deleteNamespace',
  summary: 'Deletes a namespace that nothing belongs to',
  description:
    'Its revisions go with it; what it was stays in the audit. Role bindings stay: they hold for a later namespace of ' +
    'that name again.',
  role: 'admin',
  params: identifierParams,
  query: dryRunQuery,
  needsIfMatch: true,
  answers: {
    204: { description: 'it is deleted; of a dry run: it could be' },
    404: { description: 'there is no such namespace, or none that the caller may see' },
    409: { description: 'proxies, accounts or settings belong to it, or an operation is under way' },
  },
  handle: (_, request) => removeNamespace(request, request.params.id),
});

export function removeNamespace(request: Changing, name: string): Promise<Answer> {
  const { signal } = request;
  return request.change(async (tx, audit) => {
    const before = await lockNamespace(tx, name, 'admin', request);
    const references = Object.entries(await fetchReferences(tx, name, signal));
    if (references.length > 0) {
      const all = references.map(([what, count]) => `${what}: ${count}`).join(', ');
      throw new ProxywatchError('CONFLICT', `the namespace is still in use (${all})`);
    }
    await deleteRow(tx, name, signal);
    audit({
      action: 'delete',
      resourceType: 'namespace',
      resourceId: name,
      namespace: name,
      before: namespaceResource(before),
    });
    return noContent();
  });
}
