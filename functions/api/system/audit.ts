import type { AuditTable } from '@proxywatch/core/drivers/dcdb/access-tables';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import { instant, timestamp } from '#api/fields';
import { type ListSpec, listAnswer, listPage, listQuery, whereNamespace } from '#api/list';
import { route } from '#api/route';

const auditList: ListSpec = {
  name: 'audit',
  fields: {
    id: { column: 'audit.id', type: 'number', ops: ['eq', 'lt', 'gt'] },
    actor: { column: 'audit.actor', type: 'string' },
    action: { column: 'audit.action', type: 'string' },
    resourceType: { column: 'audit.resource_type', type: 'string' },
    resourceId: { column: 'audit.resource_id', type: 'string' },
    namespace: { column: 'audit.namespace', type: 'string', nullable: true },
    requestId: { column: 'audit.request_id', type: 'string', ops: ['eq'] },
  },
  // The newest first; ids rise with time, and have an index that times do not need then.
  defaultSort: '-id',
  key: { field: 'id', column: 'audit.id' },
};

const auditRecord = z.strictObject({
  id: z.int(),
  at: instant(),
  actor: z.string(),
  sourceAddress: z.string(),
  requestId: z.string(),
  action: z.string(),
  resourceType: z.string(),
  resourceId: z.string(),
  namespace: z.string().nullable(),
  before: z.unknown().meta({ description: 'the resource before, secrets masked; null: there was none' }),
  after: z.unknown().meta({ description: 'the resource afterwards, secrets masked; null: there is none any more' }),
  reason: z.string(),
});

export const listAudit = route({
  module: 'system',
  method: 'GET',
  path: '/v1/audit',
  operationId: 'listAudit',
  summary: 'What was changed, by whom, when and why; the newest first',
  description: 'Of the namespaces that the caller may see; what belongs to no namespace is for those who see all.',
  role: 'viewer',
  query: listQuery(auditList, {
    from: timestamp().optional().meta({ description: 'not before this time' }),
    to: timestamp().optional().meta({ description: 'before this time' }),
  }),
  answers: { 200: { description: 'a page of audit records', schema: listAnswer(auditRecord) } },
  handle(deps, request) {
    const { from, to } = request.query;
    let query = whereNamespace(deps.db.selectFrom('audit').selectAll(), 'audit.namespace', request.caller);
    if (from !== undefined) query = query.where('at', '>=', from);
    if (to !== undefined) query = query.where('at', '<', to);
    return listPage(auditList, request, query, (rows) => rows.map(recordOf));
  },
});

function recordOf(row: Selectable<AuditTable>): z.input<typeof auditRecord> {
  return {
    id: row.id,
    at: row.at.toISOString(),
    actor: row.actor,
    sourceAddress: row.source_address,
    requestId: row.request_id,
    action: row.action,
    resourceType: row.resource_type,
    resourceId: row.resource_id,
    namespace: row.namespace,
    before: stateOf(row.before_state),
    after: stateOf(row.after_state),
    reason: row.reason,
  };
}

/** A JSON column comes as text from some servers. */
function stateOf(column: unknown): unknown {
  return typeof column === 'string' ? JSON.parse(column) : column;
}
