import { OPERATION_STATES } from '@proxywatch/core/domain/control/operation';
import { fetchEvents } from '@proxywatch/core/drivers/dcdb/control/operation-repository';
import { OPERATION_COLUMNS, operationOf } from '@proxywatch/core/drivers/dcdb/control/operation-rows';
import { okRevised } from '#api/answer';
import { idParams } from '#api/fields';
import { type ListSpec, listAnswer, listPage, listQuery, whereNamespace } from '#api/list';
import { route } from '#api/route';
import { operationAnswer, operationSummaryAnswer } from './operation-fields.ts';
import { findOperation } from './operation-find.ts';
import { operationResource, operationSummary } from './operation-resource.ts';

/** Events that are shown with an operation. */
const MOST_EVENTS = 500;

export const operationsList: ListSpec = {
  name: 'operations',
  fields: {
    id: { column: 'operations.id', type: 'string', ops: ['eq', 'in'] },
    namespace: { column: 'operations.namespace', type: 'string' },
    kind: { column: 'operations.kind', type: 'string', values: ['apply', 'rollback'], ops: ['eq'] },
    state: { column: 'operations.state', type: 'string', values: OPERATION_STATES, ops: ['eq', 'ne', 'in'] },
    planId: { column: 'operations.plan_id', type: 'string', ops: ['eq'] },
    createdBy: { column: 'operations.created_by', type: 'string' },
    createdAt: { column: 'operations.created_at', type: 'time', sortable: true },
    updatedAt: { column: 'operations.updated_at', type: 'time' },
  },
  defaultSort: '-createdAt',
  key: { field: 'id', column: 'operations.id' },
};

export const listOperations = route({
  module: 'namespaces',
  method: 'GET',
  path: '/v1/operations',
  operationId: 'listOperations',
  summary: 'Operations of the namespaces that the caller may see',
  role: 'viewer',
  query: listQuery(operationsList),
  answers: { 200: { description: 'a page of operations, newest first', schema: listAnswer(operationSummaryAnswer) } },
  handle({ db }, request) {
    const visible = whereNamespace(
      db.selectFrom('operations').select(OPERATION_COLUMNS),
      'operations.namespace',
      request.caller,
    );
    return listPage(operationsList, request, visible, (rows) =>
      rows.map((row) => operationSummary(operationOf(row, []))),
    );
  },
});

export const getOperation = route({
  module: 'namespaces',
  method: 'GET',
  path: '/v1/operations/{id}',
  operationId: 'getOperation',
  summary: 'One operation: its groups, how far they are, and what happened',
  role: 'viewer',
  params: idParams,
  answers: {
    200: { description: 'the operation', schema: operationAnswer },
    404: { description: 'there is no such operation, or none that the caller may see' },
  },
  async handle({ db }, request) {
    const operation = await findOperation(db, request.params.id, 'viewer', request);
    return okRevised(operationResource(operation, await fetchEvents(db, operation.id, MOST_EVENTS, request.signal)));
  },
});
