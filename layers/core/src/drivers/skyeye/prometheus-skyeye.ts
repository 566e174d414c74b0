import { z } from 'zod';
import { ProxywatchError } from '../../domain/errors.ts';
import type { Alert, QueryResult, RangeRequest, Series, Skyeye } from '../../ports/skyeye.ts';
import type { SigV4Options } from '../auth/sign-request.ts';
import { createPrometheusHttp, type PrometheusAnswer } from './prometheus-http.ts';
import { createServiceGuard, type GuardOptions } from './service-guard.ts';
import { refused } from './skyeye-error.ts';

export interface SkyeyeOptions extends GuardOptions {
  /** Of the server, with the path before `/api/v1`: of a workspace of AMP, `https://aps-workspaces.<region>.amazonaws.com/workspaces/<id>`. */
  readonly url: string;
  /** For AMP. @default requests are not signed */
  readonly sigV4?: SigV4Options;
  /** Longest that one request may take. @default 8000 */
  readonly timeoutMs?: number;
  /** Longest answer. @default 4194304, which leaves room within what a Lambda function may answer */
  readonly maxAnswerBytes?: number;
}

/** As Prometheus has it: more points of a series than a screen has columns help nobody. */
export const MAX_POINTS = 11_000;
/** What the server itself is given, so that it stops when nobody waits for it any more. */
const SERVER_SHARE = 0.9;

const labels = z.record(z.string(), z.string());
const sample = z.tuple([z.number(), z.string()]);
const result = z.discriminatedUnion('resultType', [
  z.object({
    resultType: z.literal('vector'),
    result: z.array(z.object({ metric: labels, value: sample.optional() })),
  }),
  z.object({
    resultType: z.literal('matrix'),
    result: z.array(z.object({ metric: labels, values: z.array(sample).optional() })),
  }),
  z.object({ resultType: z.enum(['scalar', 'string']), result: sample }),
]);
const alerts = z.object({
  alerts: z.array(
    z.object({
      labels,
      annotations: labels.default({}),
      state: z.enum(['pending', 'firing']),
      activeAt: z.string(),
      value: z.string(),
    }),
  ),
});

/** Anything with the Prometheus HTTP API: Prometheus, Amazon Managed Service for Prometheus, VictoriaMetrics. */
export function createPrometheusSkyeye(options: SkyeyeOptions): Skyeye {
  const { timeoutMs = 8_000, maxAnswerBytes = 4 * 2 ** 20 } = options;
  const http = createPrometheusHttp({
    ...options,
    timeoutMs,
    maxAnswerBytes,
    guard: createServiceGuard('skyeye', options),
  });
  const timeout = `${Math.ceil(timeoutMs * SERVER_SHARE)}ms`;
  return {
    async query(query, atMs, signal) {
      const time: Readonly<Record<string, string>> = atMs === undefined ? {} : { time: secondsOf(atMs) };
      return resultOf(await http('/api/v1/query', { query, timeout, ...time }, signal));
    },
    async queryRange(request, signal) {
      checkRange(request);
      const form = {
        query: request.query,
        start: secondsOf(request.startMs),
        end: secondsOf(request.endMs),
        step: secondsOf(request.stepMs),
        timeout,
      };
      return resultOf(await http('/api/v1/query_range', form, signal));
    },
    async fetchAlerts(signal) {
      const { data } = await http('/api/v1/alerts', undefined, signal);
      return parsed(alerts, data).alerts.map(alertOf);
    },
  };
}

function checkRange({ startMs, endMs, stepMs }: RangeRequest): void {
  const message =
    endMs < startMs
      ? 'the end lies before the start'
      : stepMs < 1
        ? 'the step is shorter than a millisecond'
        : (endMs - startMs) / stepMs + 1 > MAX_POINTS
          ? `the range has more than ${MAX_POINTS} points: a longer step has fewer`
          : undefined;
  if (message !== undefined) {
    throw new ProxywatchError('UNPROCESSABLE', message, { problems: [{ pointer: '?step', message }] });
  }
}

function resultOf({ data, warnings }: PrometheusAnswer): QueryResult {
  const answer = parsed(result, data);
  return { kind: answer.resultType, series: seriesOf(answer), warnings: warnings ?? [] };
}

/** Native histograms, which have no value, are left out. */
function seriesOf(answer: z.infer<typeof result>): readonly Series[] {
  switch (answer.resultType) {
    case 'vector':
      return answer.result.flatMap(({ metric, value }) =>
        value === undefined ? [] : [{ labels: metric, samples: [sampleOf(value)] }],
      );
    case 'matrix':
      return answer.result.flatMap(({ metric, values }) =>
        values === undefined ? [] : [{ labels: metric, samples: values.map(sampleOf) }],
      );
    default:
      return [{ labels: {}, samples: [sampleOf(answer.result)] }];
  }
}

function alertOf({
  activeAt,
  labels: { alertname = '', ...rest },
  ...alert
}: z.infer<typeof alerts>['alerts'][number]): Alert {
  const activeAtMs = Date.parse(activeAt);
  if (Number.isNaN(activeAtMs)) throw refused('an alert without a time');
  return { ...alert, name: alertname, labels: rest, activeAtMs };
}

function sampleOf([atS, value]: z.infer<typeof sample>): readonly [number, string] {
  return [Math.round(atS * 1_000), value];
}

function secondsOf(ms: number): string {
  return (ms / 1_000).toFixed(3);
}

function parsed<T>(schema: z.ZodType<T>, data: unknown): T {
  const checked = schema.safeParse(data);
  if (!checked.success) throw refused('data of another shape than that of the Prometheus API');
  return checked.data;
}
