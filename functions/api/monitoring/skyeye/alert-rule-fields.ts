import type { AlertRuleRecord } from '@proxywatch/core/drivers/dcdb/alert-rules/alert-rule-repository';
import { NAMESPACE_LABEL } from '@proxywatch/core/drivers/skyeye/enforce-namespaces';
import { MAX_QUERY_BYTES } from '@proxywatch/core/drivers/skyeye/parse-promql';
import { RULE_LABEL } from '@proxywatch/core/drivers/skyeye/rule-file';
import { templateProblem } from '@proxywatch/core/drivers/skyeye/rule-template';
import { z } from 'zod';
import { flag, instant, integer, text } from '#api/fields';

const WEEK_S = 7 * 86_400;
const MAX_LABELS = 20;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]{0,63}$/;
/** Who may see an alert, and which rule it is of, is decided by these. */
const RESERVED: readonly string[] = [NAMESPACE_LABEL, RULE_LABEL, 'alertname', 'alertstate'];

/** PromQL, as callers give it. */
export function promql() {
  return text(MAX_QUERY_BYTES, { min: 1, multiline: true });
}

function template(max: number) {
  return text(max, { multiline: true }).superRefine((value, ctx) => {
    const message = templateProblem(value);
    if (message !== undefined) ctx.addIssue({ code: 'custom', message });
  });
}

function strings(value: z.ZodType<string>, reserved: readonly string[]) {
  return z.record(z.string(), value).superRefine((given, ctx) => {
    const names = Object.keys(given);
    if (names.length > MAX_LABELS) ctx.addIssue({ code: 'custom', message: `expected up to ${MAX_LABELS}` });
    for (const name of names) {
      const isTaken = name.startsWith('__') || reserved.includes(name);
      if (isTaken) ctx.addIssue({ code: 'custom', path: [name], message: 'this name is reserved' });
      else if (!LABEL_NAME.test(name)) {
        ctx.addIssue({ code: 'custom', path: [name], message: 'expected a name of up to 64 letters, digits and _' });
      }
    }
  });
}

export const alertRuleFields = {
  name: text(128, { min: 1 }).meta({ description: 'of the alert' }),
  query: promql().meta({ description: 'PromQL; it sees series of the namespace only' }),
  forS: integer(0, WEEK_S).meta({ description: 'seconds that it must hold before the alert fires' }),
  labels: strings(template(256), RESERVED).meta({ description: 'labels of the alert, beside those of its series' }),
  annotations: strings(template(2_048), []).meta({
    description: 'for people; `{{ $labels.<name> }}` and `{{ $value | humanize }}` are filled in',
  }),
  enabled: flag().meta({ description: 'false: kept, not evaluated' }),
};

export const alertRuleAnswer = z.strictObject({
  id: z.string(),
  namespace: z.string(),
  name: z.string(),
  query: z.string(),
  forS: z.int(),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
  enabled: z.boolean(),
  createdBy: z.string(),
  revision: z.int(),
  createdAt: instant(),
  updatedAt: instant(),
});
export type AlertRuleAnswer = z.output<typeof alertRuleAnswer>;

export const changedAlertRule = alertRuleAnswer.extend({
  published: z
    .boolean()
    .optional()
    .meta({ description: 'whether the monitoring platform has taken it over; if not, `Warning` says why' }),
});

export function alertRuleResource({
  createdAt,
  updatedAt,
  labels,
  annotations,
  ...rule
}: AlertRuleRecord): AlertRuleAnswer {
  return {
    ...rule,
    labels: { ...labels },
    annotations: { ...annotations },
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}
