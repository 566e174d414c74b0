import { NAMESPACE_COLUMNS, namespaceOf } from '@proxywatch/core/drivers/dcdb/namespaces/namespace-specs';
import { sql } from 'kysely';
import { okRevised } from '#api/answer';
import { identifierParams, text } from '#api/fields';
import { type ListSpec, listAnswer, listPage, listQuery, whereNamespace } from '#api/list';
import { route } from '#api/route';
import { findNamespace } from './find-namespace.ts';
import { namespaceAnswer } from './namespace-fields.ts';
import { namespaceResource } from './namespace-resource.ts';

export const namespacesList: ListSpec = {
  name: 'namespaces',
  fields: {
    name: { column: 'namespaces.name', type: 'string', sortable: true },
    description: { column: 'namespaces.description', type: 'string', ops: ['like'] },
    online: { column: 'namespaces.online', type: 'boolean' },
    readOnly: { column: 'namespaces.read_only', type: 'boolean' },
    owner: { column: 'namespaces.owner', type: 'string' },
    revision: { column: 'namespaces.revision', type: 'number' },
    createdAt: { column: 'namespaces.created_at', type: 'time', sortable: true },
    updatedAt: { column: 'namespaces.updated_at', type: 'time', sortable: true },
  },
  defaultSort: 'name',
  key: { field: 'name', column: 'namespaces.name' },
};

export const listNamespaces = route({
  module: 'namespaces',
  method: 'GET',
  path: '/v1/namespaces',
  operationId: 'listNamespaces',
  summary: 'Namespaces that the caller may see',
  description: '`tag=tier-1` leaves those that have the tag.',
  role: 'viewer',
  query: listQuery(namespacesList, { tag: text(64, { min: 1 }).optional() }),
  answers: { 200: { description: 'a page of namespaces', schema: listAnswer(namespaceAnswer) } },
  handle({ db }, request) {
    const visible = whereNamespace(
      db.selectFrom('namespaces').select(NAMESPACE_COLUMNS),
      'namespaces.name',
      request.caller,
    );
    const { tag } = request.query;
    const tagged = tag === undefined ? visible : visible.where(sql<boolean>`json_contains(tags, json_quote(${tag}))`);
    return listPage(namespacesList, request, tagged, (rows) => rows.map((row) => namespaceResource(namespaceOf(row))));
  },
});

export const getNamespace = route({
  module: 'namespaces',
  method: 'GET',
  path: '/v1/namespaces/{id}',
  operationId: 'getNamespace',
  summary: 'One namespace',
  role: 'viewer',
  params: identifierParams,
  answers: {
    200: { description: 'the namespace', schema: namespaceAnswer },
    404: { description: 'there is no such namespace, or none that the caller may see' },
  },
  async handle({ db }, request) {
    return okRevised(namespaceResource(await findNamespace(db, request.params.id, 'viewer', request)));
  },
});
