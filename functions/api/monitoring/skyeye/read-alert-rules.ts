import { EVERY_NAMESPACE } from '@proxywatch/core/domain/access/role';
import { errorCodeOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import { ALERT_RULE_COLUMNS, alertRuleOf } from '@proxywatch/core/drivers/dcdb/alert-rules/alert-rule-row';
import { z } from 'zod';
import { ok, okRevised } from '#api/answer';
import { idParams } from '#api/fields';
import { type ListSpec, listAnswer, listPage, listQuery, whereNamespace } from '#api/list';
import { route } from '#api/route';
import { alertRuleAnswer, alertRuleResource } from './alert-rule-fields.ts';
import { findAlertRule } from './find-alert-rule.ts';
import { publishRules } from './publish-rules.ts';

export const alertRulesList: ListSpec = {
  name: 'alertRules',
  fields: {
    name: { column: 'alert_rules.name', type: 'string', sortable: true },
    namespace: { column: 'alert_rules.namespace', type: 'string', sortable: true },
    enabled: { column: 'alert_rules.enabled', type: 'boolean' },
    createdBy: { column: 'alert_rules.created_by', type: 'string' },
    updatedAt: { column: 'alert_rules.updated_at', type: 'time', sortable: true },
  },
  defaultSort: 'name',
  key: { field: 'id', column: 'alert_rules.id' },
};

export const listAlertRules = route({
  module: 'monitoring',
  method: 'GET',
  path: '/v1/monitoring/alert-rules',
  operationId: 'listAlertRules',
  summary: 'Alert rules of the namespaces that the caller may see',
  role: 'viewer',
  query: listQuery(alertRulesList),
  answers: { 200: { description: 'a page of rules', schema: listAnswer(alertRuleAnswer) } },
  handle({ db }, request) {
    const rules = db.selectFrom('alert_rules').select(ALERT_RULE_COLUMNS);
    const visible = whereNamespace(rules, 'alert_rules.namespace', request.caller);
    return listPage(alertRulesList, request, visible, (rows) => rows.map((row) => alertRuleResource(alertRuleOf(row))));
  },
});

export const getAlertRule = route({
  module: 'monitoring',
  method: 'GET',
  path: '/v1/monitoring/alert-rules/{id}',
  operationId: 'getAlertRule',
  summary: 'An alert rule',
  role: 'viewer',
  params: idParams,
  answers: {
    200: { description: 'the rule', schema: alertRuleAnswer },
    404: { description: 'there is no such rule, or none that the caller may see' },
  },
  async handle({ db }, { params, caller, signal }) {
    return okRevised(alertRuleResource(await findAlertRule(db, params.id, 'viewer', caller, { signal })));
  },
});

const publication = z.strictObject({
  published: z.literal(true),
  rules: z.int().meta({ description: 'that are evaluated now' }),
  refused: z
    .array(z.string())
    .meta({ description: 'ids of rules that the platform does not take, as far as the caller sees them' }),
});

export const publishAlertRules = route({
  module: 'monitoring',
  method: 'POST',
  path: '/v1/monitoring/alert-rules/actions/publish',
  operationId: 'publishAlertRules',
  summary: 'Hands all alert rules to the monitoring platform again',
  description:
    'Needed only after an answer whose `Warning` said that they were not published; each change does so too.',
  role: 'operator',
  answers: {
    200: { description: 'they are published', schema: publication },
    409: { description: 'the rules change faster than they are published' },
    422: { description: 'the monitoring platform refuses them; who sees all namespaces is told what it says' },
  },
  async handle(deps, { signal, caller: { namespaces } }) {
    try {
      const { rules, refused } = await publishRules(deps, signal);
      const seen = refused.filter(({ namespace }) => namespaces === EVERY_NAMESPACE || namespaces.includes(namespace));
      return ok({ published: true, rules, refused: seen.map(({ id }) => id) });
    } catch (error) {
      // What it says may quote the rules of anybody.
      if (errorCodeOf(error) !== 'UNPROCESSABLE' || namespaces === EVERY_NAMESPACE) throw error;
      throw new ProxywatchError('UNPROCESSABLE', 'skyeye refuses the rules; who sees all namespaces is told why');
    }
  },
});
