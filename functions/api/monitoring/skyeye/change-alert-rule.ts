import {
  deleteAlertRule as deleteRow,
  updateAlertRule,
} from '@proxywatch/core/drivers/dcdb/alert-rules/alert-rule-repository';
import { z } from 'zod';
import { noContent, okRevised } from '#api/answer';
import { requireRevision } from '#api/conditions';
import { dryRunQuery, idParams } from '#api/fields';
import { route } from '#api/route';
import { alertRuleFields, alertRuleResource, changedAlertRule } from './alert-rule-fields.ts';
import { checkRuleQuery } from './check-rule-query.ts';
import { findAlertRule } from './find-alert-rule.ts';
import { withPublication } from './publish-rules.ts';

const NOT_THERE = { description: 'there is no such rule, or none that the caller may see' };

export const changeAlertRule = route({
  module: 'monitoring',
  method: 'PATCH',
  path: '/v1/monitoring/alert-rules/{id}',
  operationId: 'changeAlertRule',
  summary: 'Changes an alert rule, field by field',
  description: '`labels` and `annotations` are replaced as a whole. The namespace of a rule cannot be changed.',
  role: 'operator',
  params: idParams,
  query: dryRunQuery,
  body: z.strictObject(alertRuleFields).partial(),
  needsIfMatch: true,
  example: { forS: 300, enabled: true },
  answers: {
    200: { description: 'the rule', schema: changedAlertRule },
    404: NOT_THERE,
    409: { description: 'the namespace has a rule of that name' },
    422: { description: 'the query cannot be taken' },
  },
  async handle(deps, request) {
    const { params, body, caller, signal, ifMatch } = request;
    const known = await findAlertRule(deps.db, params.id, 'operator', caller, { signal });
    if (body.query !== undefined) await checkRuleQuery(deps, body.query, known.namespace, signal);
    const answer = await request.change(async (tx, audit) => {
      const before = await findAlertRule(tx, params.id, 'operator', caller, { lock: true, signal });
      requireRevision(ifMatch, before.revision);
      await updateAlertRule(tx, params.id, body, signal);
      const after = alertRuleResource(await findAlertRule(tx, params.id, 'operator', caller, { signal }));
      audit({
        action: 'update',
        resourceType: 'alertRule',
        resourceId: params.id,
        namespace: before.namespace,
        before: alertRuleResource(before),
        after,
      });
      return okRevised(after);
    });
    return withPublication(deps, request, answer);
  },
});

export const deleteAlertRule = route({
  module: 'monitoring',
  method: 'DELETE',
  path: '/v1/monitoring/alert-rules/{id}',
  operationId: 'deleteAlertRule',
  summary: 'Deletes an alert rule and takes it away from the monitoring platform',
  role: 'operator',
  params: idParams,
  query: dryRunQuery,
  needsIfMatch: true,
  answers: { 204: { description: 'it is deleted; of a dry run: it could be' }, 404: NOT_THERE },
  async handle(deps, request) {
    const { params, caller, signal, ifMatch } = request;
    const answer = await request.change(async (tx, audit) => {
      const before = await findAlertRule(tx, params.id, 'operator', caller, { lock: true, signal });
      requireRevision(ifMatch, before.revision);
      await deleteRow(tx, params.id, signal);
      const { namespace } = before;
      const state = alertRuleResource(before);
      audit({ action: 'delete', resourceType: 'alertRule', resourceId: params.id, namespace, before: state });
      return noContent();
    });
    return withPublication(deps, request, answer);
  },
});
