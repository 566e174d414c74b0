import { EVERY_NAMESPACE } from '@proxywatch/core/domain/access/role';
import { type Expression, type SqlBool, sql } from 'kysely';
import { z } from 'zod';
import { identifier, instant, nameParams } from '#api/fields';
import { type ListSpec, listAnswer, listPage, listQuery } from '#api/list';
import { route } from '#api/route';
import { auditPrefixOf, SETTING_RESOURCE } from './setting-audit.ts';
import { kindField, settingAnswer } from './variable-fields.ts';

export const historyList: ListSpec = {
  name: 'variable-history',
  fields: {
    at: { column: 'audit.at', type: 'time', sortable: true },
    actor: { column: 'audit.actor', type: 'string' },
    action: { column: 'audit.action', type: 'string' },
    namespace: { column: 'audit.namespace', type: 'string', nullable: true },
  },
  defaultSort: '-at',
  key: { field: 'id', column: 'audit.id' },
};

const state = settingAnswer.nullable().meta({ description: 'a secret value is masked' });

const change = z.strictObject({
  at: instant(),
  actor: z.string(),
  action: z.string(),
  namespace: identifier().nullable(),
  requestId: z.string(),
  reason: z.string(),
  before: state,
  after: state,
});

export const variableHistory = route({
  module: 'variables',
  method: 'GET',
  path: '/v1/variables/{name}/history',
  operationId: 'listVariableHistory',
  summary: 'Who decided what about a variable, and why',
  description: 'From the audit: of the fleet, and of the namespaces that the caller may see.',
  role: 'viewer',
  params: nameParams,
  query: listQuery(historyList, { kind: kindField }),
  answers: { 200: { description: 'a page of changes, the latest first', schema: listAnswer(change) } },
  handle({ db }, request) {
    const { caller, params, query } = request;
    const prefix = auditPrefixOf(query.kind, params.name);
    const changes = db
      .selectFrom('audit')
      .select(['at', 'actor', 'action', 'namespace', 'request_id', 'reason', 'before_state', 'after_state'])
      .where('resource_type', '=', SETTING_RESOURCE)
      .where(startsWith(prefix))
      .$if(caller.namespaces !== EVERY_NAMESPACE, (rest) =>
        rest.where((eb) => eb.or([eb('namespace', 'is', null), eb('namespace', 'in', ['', ...caller.namespaces])])),
      );
    return listPage(historyList, request, changes, (rows) =>
      rows.map((row) => ({
        at: row.at.toISOString(),
        actor: row.actor,
        action: row.action,
        namespace: row.namespace,
        requestId: row.request_id,
        reason: row.reason,
        before: stateOf(row.before_state),
        after: stateOf(row.after_state),
      })),
    );
  },
});

/** A range, which the index of the audit serves. */
function startsWith(prefix: string): Expression<SqlBool> {
  return sql`audit.resource_id like ${`${prefix.replaceAll(/[!%_]/g, '!$&')}%`} escape '!'`;
}

/** MariaDB gives JSON as text. */
function stateOf(value: unknown): unknown {
  return typeof value === 'string' ? JSON.parse(value) : (value ?? null);
}
