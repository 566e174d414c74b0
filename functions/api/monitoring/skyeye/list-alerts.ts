import type { Caller } from '@proxywatch/core/domain/access/caller';
import { EVERY_NAMESPACE } from '@proxywatch/core/domain/access/role';
import { NAMESPACE_LABEL } from '@proxywatch/core/drivers/skyeye/enforce-namespaces';
import { RULE_LABEL } from '@proxywatch/core/drivers/skyeye/rule-file';
import type { Alert } from '@proxywatch/core/ports/skyeye';
import { z } from 'zod';
import { ok } from '#api/answer';
import { identifier, instant, text } from '#api/fields';
import { route } from '#api/route';

const MAX_ALERTS = 1_000;

export const alertAnswer = z.strictObject({
  name: z.string(),
  state: z.enum(['pending', 'firing']),
  namespace: z.string().nullable(),
  ruleId: z.string().nullable().meta({ description: 'of the alert rule, if it is one of those kept here' }),
  activeAt: instant(),
  value: z.string(),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
});

export const listAlerts = route({
  module: 'monitoring',
  method: 'GET',
  path: '/v1/monitoring/alerts',
  operationId: 'listAlerts',
  summary: 'Alerts that are pending or firing now, the newest first',
  description:
    'Of the rules kept here and of all others of the monitoring platform. Who does not see all namespaces sees those that ' +
    'carry the label namespace of one that they see.',
  role: 'viewer',
  query: z.strictObject({
    'filter[state]': z.enum(['pending', 'firing']).optional(),
    'filter[namespace]': identifier().optional(),
    'filter[name]': text(128, { min: 1 }).optional(),
  }),
  answers: {
    200: {
      description: `up to ${MAX_ALERTS} alerts`,
      schema: z.strictObject({
        items: z.array(alertAnswer),
        nextCursor: z.null(),
        truncated: z.boolean().meta({ description: 'whether there are more' }),
      }),
    },
  },
  async handle({ skyeye }, { query, caller, signal }) {
    const wanted = {
      state: query['filter[state]'],
      name: query['filter[name]'],
      namespace: query['filter[namespace]'],
    };
    const alerts = (await skyeye.fetchAlerts(signal))
      .filter((alert) => maySee(caller, alert))
      .map(alertResource)
      .filter((alert) => wanted.state === undefined || alert.state === wanted.state)
      .filter((alert) => wanted.name === undefined || alert.name === wanted.name)
      .filter((alert) => wanted.namespace === undefined || alert.namespace === wanted.namespace)
      .toSorted((a, b) => (a.activeAt < b.activeAt ? 1 : -1));
    return ok({ items: alerts.slice(0, MAX_ALERTS), nextCursor: null, truncated: alerts.length > MAX_ALERTS });
  },
});

function maySee({ namespaces }: Caller, { labels }: Alert): boolean {
  if (namespaces === EVERY_NAMESPACE) return true;
  const namespace = labels[NAMESPACE_LABEL];
  return namespace !== undefined && namespaces.includes(namespace);
}

function alertResource({ name, state, activeAtMs, value, labels, annotations }: Alert): z.output<typeof alertAnswer> {
  const { [RULE_LABEL]: ruleId = null, ...shown } = labels;
  return {
    name,
    state,
    namespace: labels[NAMESPACE_LABEL] ?? null,
    ruleId,
    activeAt: new Date(activeAtMs).toISOString(),
    value,
    labels: shown,
    annotations: { ...annotations },
  };
}
