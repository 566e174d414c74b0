import { enforceNamespaces } from '@proxywatch/core/drivers/skyeye/enforce-namespaces';
import { MAX_POINTS } from '@proxywatch/core/drivers/skyeye/prometheus-skyeye';
import type { QueryResult } from '@proxywatch/core/ports/skyeye';
import { z } from 'zod';
import { ok } from '#api/answer';
import { timestamp } from '#api/fields';
import { meaning } from '#api/query-schema';
import { route } from '#api/route';
import { promql } from './alert-rule-fields.ts';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const STEP = /^(\d{1,9})(ms|s|m|h|d)?$/;
const MAX_STEP_MS = 1_000 * 86_400_000;
/** What is drawn if nobody says how fine: about as many points as a chart is wide. */
const USUAL_POINTS = 250;
const MIN_USUAL_STEP_MS = 1_000;

function step() {
  const read = z.string().transform((given, ctx) => {
    const [, count, unit = 's'] = STEP.exec(given) ?? [];
    const ms = Number(count) * (UNIT_MS[unit] ?? Number.NaN);
    if (ms >= 1 && ms <= MAX_STEP_MS) return ms;
    ctx.addIssue({
      code: 'custom',
      message: 'expected a length of time such as 30s, 5m or 1h; without a unit, seconds',
    });
    return z.NEVER;
  });
  return meaning(read, {
    type: 'string',
    pattern: '^([1-9][0-9]{0,4}(ms|s|m)?|[1-9][0-9]{0,2}(h|d))$',
    example: '30s',
  });
}

const metricsQuery = z
  .strictObject({
    query: promql().meta({
      description: 'PromQL',
      example: 'sum by (proxy) (rate(dbproxy_sql_all_executions_total[5m]))',
    }),
    time: timestamp().optional(),
    start: timestamp().optional(),
    end: timestamp().optional(),
    step: step().optional(),
  })
  .superRefine(({ time, start, end, step: wanted }, ctx) => {
    const complain = (name: string, message: string) => ctx.addIssue({ code: 'custom', path: [name], message });
    if (time !== undefined && start !== undefined) complain('time', 'is for one moment, start for a range: not both');
    if (start !== undefined) return;
    if (end !== undefined) complain('end', 'needs start');
    if (wanted !== undefined) complain('step', 'needs start');
  });

export const metricsAnswer = z.strictObject({
  kind: z.enum(['vector', 'matrix', 'scalar', 'string']),
  series: z.array(
    z.strictObject({
      labels: z.record(z.string(), z.string()),
      samples: z
        .array(z.array(z.union([z.number(), z.string()])).length(2))
        .meta({ description: 'as Prometheus has them: epoch seconds, and the value as text' }),
    }),
  ),
  warnings: z.array(z.string()),
});

export const queryMetrics = route({
  module: 'monitoring',
  method: 'GET',
  path: '/v1/monitoring/metrics',
  operationId: 'queryMetrics',
  summary: 'Asks the monitoring platform, at one moment or over a range',
  description:
    'Who does not see all namespaces sees series that carry the label namespace of one that they see, whatever the query ' +
    `says. Without \`start\` it is asked for \`time\`, or for now. A range ends now and has about ${USUAL_POINTS} points ` +
    `unless \`end\` and \`step\` say otherwise, ${MAX_POINTS} at most.`,
  role: 'viewer',
  query: metricsQuery,
  answers: {
    200: { description: 'the series', schema: metricsAnswer },
    422: { description: 'the query cannot be taken, with line and column, or asks for too much' },
  },
  async handle(deps, { query, caller, signal }) {
    const { skyeye } = deps;
    const enforced = enforceNamespaces(query.query, caller.namespaces);
    if (query.start === undefined) return answerOf(await skyeye.query(enforced, query.time?.getTime(), signal));
    const startMs = query.start.getTime();
    const endMs = query.end?.getTime() ?? deps.nowMs();
    const usualMs = Math.ceil((endMs - startMs) / USUAL_POINTS / 1_000) * 1_000;
    const stepMs = query.step ?? Math.max(MIN_USUAL_STEP_MS, usualMs);
    return answerOf(await skyeye.queryRange({ query: enforced, startMs, endMs, stepMs }, signal));
  },
});

function answerOf({ kind, series, warnings }: QueryResult) {
  const shown = series.map(({ labels, samples }) => ({
    labels,
    samples: samples.map(([atMs, value]) => [atMs / 1_000, value]),
  }));
  return ok({ kind, series: shown, warnings });
}
