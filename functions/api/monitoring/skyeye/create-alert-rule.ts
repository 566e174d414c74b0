import { randomUUID } from 'node:crypto';
import { requireRole } from '@proxywatch/core/domain/access/caller';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { insertAlertRule } from '@proxywatch/core/drivers/dcdb/alert-rules/alert-rule-repository';
import { fetchNamespaceSpec } from '@proxywatch/core/drivers/dcdb/namespaces/namespace-specs';
import { z } from 'zod';
import { created } from '#api/answer';
import { dryRunQuery, identifier } from '#api/fields';
import { route } from '#api/route';
import { alertRuleFields, alertRuleResource, changedAlertRule } from './alert-rule-fields.ts';
import { checkRuleQuery } from './check-rule-query.ts';
import { findAlertRule } from './find-alert-rule.ts';
import { withPublication } from './publish-rules.ts';

const { name, query, ...optionalFields } = alertRuleFields;
const DEFAULTS = { forS: 0, labels: {}, annotations: {}, enabled: true };

export const newAlertRule = z.strictObject({
  namespace: identifier(),
  name,
  query,
  ...z.object(optionalFields).partial().shape,
});

export const createAlertRule = route({
  module: 'monitoring',
  method: 'POST',
  path: '/v1/monitoring/alert-rules',
  operationId: 'createAlertRule',
  summary: 'Creates an alert rule and hands it to the monitoring platform',
  description:
    'The query sees series of the namespace only, and alerts of the rule carry its namespace. It is tried on the platform ' +
    'first, where that can be reached.',
  role: 'operator',
  query: dryRunQuery,
  body: newAlertRule,
  example: {
    namespace: 'shop',
    name: 'ManyErrors',
    query: 'sum by (proxy) (rate(dbproxy_sql_errors_total[5m])) > 1',
    forS: 120,
    labels: { severity: 'warning' },
    annotations: { summary: '{{ $labels.proxy }} has {{ $value | humanize }} errors a second' },
  },
  answers: {
    201: { description: 'the rule', schema: changedAlertRule },
    200: { description: 'dry run: what it would be', schema: changedAlertRule },
    404: { description: 'there is no such namespace that the caller may see' },
    409: { description: 'the namespace has a rule of that name, or as many rules as one may have' },
    422: { description: 'the query cannot be taken, or there is no such namespace' },
  },
  async handle(deps, request) {
    const { body, caller, signal } = request;
    const { namespace } = body;
    requireRole(caller, 'operator', namespace, `namespace ${namespace}`);
    await checkRuleQuery(deps, body.query, namespace, signal);
    const answer = await request.change(async (tx, audit) => {
      if ((await fetchNamespaceSpec(tx, namespace, signal)) === undefined) {
        throw new ProxywatchError('UNPROCESSABLE', `there is no namespace ${namespace}`, {
          problems: [{ pointer: '/namespace', message: 'there is no such namespace' }],
        });
      }
      const id = randomUUID();
      await insertAlertRule(tx, { ...DEFAULTS, ...body, id, createdBy: caller.name }, signal);
      const rule = alertRuleResource(await findAlertRule(tx, id, 'operator', caller, { signal }));
      audit({ action: 'create', resourceType: 'alertRule', resourceId: id, namespace, after: rule });
      return created(`/v1/monitoring/alert-rules/${id}`, rule);
    });
    return withPublication(deps, request, answer);
  },
});
