import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { fetchRevision, type NamespaceRevision } from '@proxywatch/core/drivers/dcdb/namespaces/namespace-revisions';
import type { SpecifiedNamespace } from '@proxywatch/core/drivers/dcdb/namespaces/namespace-specs';
import { fieldsOf } from '@proxywatch/core/drivers/dcdb/namespaces/namespace-writes';
import { z } from 'zod';
import { ok } from '#api/answer';
import { dryRunQuery, identifier, identifierParams, instant, integer, queryInteger } from '#api/fields';
import { type ListSpec, listAnswer, listPage, listQuery } from '#api/list';
import { route } from '#api/route';
import { diffDocuments } from './diff-documents.ts';
import { findNamespace, present } from './find-namespace.ts';
import { namespaceAnswer, namespaceDocument } from './namespace-fields.ts';
import { documentOf } from './namespace-resource.ts';
import { reviseNamespace } from './revise-namespace.ts';

const LARGEST = 999_999_999_999;

const revisionHead = { revision: z.int(), author: z.string(), reason: z.string(), at: instant() };
const revisionParams = z.strictObject({ id: identifier(), revision: queryInteger(1, LARGEST) });
const NO_REVISION = 'there is no such namespace or revision, or none that the caller may see';

const revisionsList: ListSpec = {
  name: 'namespace-revisions',
  fields: {
    revision: { column: 'namespace_revisions.revision', type: 'number', sortable: true },
    author: { column: 'namespace_revisions.author', type: 'string' },
    at: { column: 'namespace_revisions.at', type: 'time' },
  },
  defaultSort: '-revision',
  key: { field: 'revision', column: 'namespace_revisions.revision' },
};

export const listNamespaceRevisions = route({
  module: 'namespaces',
  method: 'GET',
  path: '/v1/namespaces/{id}/revisions',
  operationId: 'listNamespaceRevisions',
  summary: 'Revisions of a namespace, the latest first',
  role: 'viewer',
  params: identifierParams,
  query: listQuery(revisionsList),
  answers: {
    200: { description: 'a page of revisions', schema: listAnswer(z.strictObject(revisionHead)) },
    404: { description: 'there is no such namespace, or none that the caller may see' },
  },
  async handle({ db }, request) {
    await findNamespace(db, request.params.id, 'viewer', request);
    const revisions = db
      .selectFrom('namespace_revisions')
      .select(['revision', 'author', 'reason', 'at'])
      .where('namespace', '=', request.params.id);
    return listPage(revisionsList, request, revisions, (rows) =>
      rows.map(({ revision, author, reason, at }) => ({ revision, author, reason, at: at.toISOString() })),
    );
  },
});

export const getNamespaceRevision = route({
  module: 'namespaces',
  method: 'GET',
  path: '/v1/namespaces/{id}/revisions/{revision}',
  operationId: 'getNamespaceRevision',
  summary: 'A namespace as it was in a revision',
  role: 'viewer',
  params: revisionParams,
  answers: {
    200: { description: 'the revision', schema: z.strictObject({ ...revisionHead, document: namespaceDocument }) },
    404: { description: NO_REVISION },
  },
  async handle({ db }, request) {
    const { id, revision } = request.params;
    const found = await findRevision(db, await findNamespace(db, id, 'viewer', request), revision, request.signal);
    const { author, reason, at, document } = found;
    return ok({ revision, author, reason, at: at.toISOString(), document: documentOf(document) });
  },
});

export const diffNamespaceRevisions = route({
  module: 'namespaces',
  method: 'GET',
  path: '/v1/namespaces/{id}/revisions/{revision}/diff',
  operationId: 'diffNamespaceRevisions',
  summary: 'What changed from one revision of a namespace to another',
  role: 'viewer',
  params: revisionParams,
  query: z.strictObject({ to: queryInteger(1, LARGEST).optional() }),
  answers: {
    200: {
      description: 'the differences, field by field; `to` is the present revision unless another is asked for',
      schema: z.strictObject({
        from: z.int(),
        to: z.int(),
        differences: z.array(
          z.strictObject({
            field: z.string(),
            from: z.unknown(),
            to: z.unknown(),
            added: z.array(z.unknown()).optional(),
            removed: z.array(z.unknown()).optional(),
          }),
        ),
      }),
    },
    404: { description: NO_REVISION },
  },
  async handle({ db }, request) {
    const namespace = await findNamespace(db, request.params.id, 'viewer', request);
    const from = await findRevision(db, namespace, request.params.revision, request.signal);
    const to = await findRevision(db, namespace, request.query.to ?? namespace.revision, request.signal);
    const differences = diffDocuments(documentOf(from.document), documentOf(to.document));
    return ok({ from: from.revision, to: to.revision, differences });
  },
});

export const restoreNamespace = route({
  module: 'namespaces',
  method: 'POST',
  path: '/v1/namespaces/{id}/actions/restore',
  operationId: 'restoreNamespace',
  summary: 'Makes a namespace what it was in an earlier revision',
  description: 'A new revision with the fields of the earlier one; nothing between them is lost.',
  role: 'operator',
  params: identifierParams,
  query: dryRunQuery,
  body: z.strictObject({ revision: integer(1, LARGEST) }),
  example: { revision: 3 },
  answers: {
    200: { description: 'the namespace', schema: namespaceAnswer },
    404: { description: NO_REVISION },
  },
  handle(_, request) {
    const { id } = request.params;
    const { revision } = request.body;
    return reviseNamespace(request, {
      name: id,
      role: 'operator',
      action: 'restore',
      reason: [`restores revision ${revision}`, request.reason]
        .filter((part) => part !== '')
        .join(': ')
        .slice(0, 1_000),
      decide: async (_before, tx) => {
        const namespace = present(await findNamespace(tx, id, 'operator', request), id);
        return (await findRevision(tx, namespace, revision, request.signal)).document;
      },
    });
  },
});

/** The present one is known even where it was never kept. */
async function findRevision(
  db: Dcdb,
  namespace: SpecifiedNamespace,
  revision: number,
  signal: AbortSignal,
): Promise<NamespaceRevision> {
  const { name, updatedAt } = namespace;
  const kept = await fetchRevision(db, name, revision, signal);
  if (kept !== undefined) return kept;
  if (revision !== namespace.revision) {
    throw new ProxywatchError('NOT_FOUND', `there is no revision ${revision} of the namespace ${name}`);
  }
  const document = fieldsOf(namespace);
  return { namespace: name, revision, document, author: 'proxywatch', reason: 'as it was found', at: updatedAt };
}
