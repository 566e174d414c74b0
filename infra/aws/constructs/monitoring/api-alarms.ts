import type { ObservedApi, ObservedFunction } from '../../stacks/contracts.ts';
import { API_LATENCY_MS } from './limits.ts';
import { apiMetric, computed, lambdaMetric } from './metrics.ts';
import { AGAIN_AND_AGAIN, type StageAlarms } from './stage-alarms.ts';

export interface ApiAlarmsProps {
  readonly api: ObservedApi;
  readonly control: ObservedFunction;
  /** All whose throttling means that the account has no room for them; `collect` has room of its own. */
  readonly unreserved: readonly ObservedFunction[];
}

/** Watches what callers of the API see, and whether changes of proxies go on. */
export function watchApi(alarms: StageAlarms, { api, control, unreserved }: ApiAlarmsProps): void {
  alarms.add({
    name: 'ApiFailing',
    severity: 'critical',
    says: 'The API answers with 5xx. Its access log has the path and the request id, the log of that function the reason.',
    metric: apiMetric(api, '5XXError', { statistic: 'Sum', minutes: 5 }),
    when: '>=',
    threshold: 5,
    during: [2, 3],
    // Nobody asks at night.
    missing: 'notBreaching',
  });
  alarms.add({
    name: 'ApiSlow',
    severity: 'warning',
    says: 'One in twenty answers of the API takes longer than 10 s; after 29 s API Gateway gives up. Look at the DCDB, and at proxies that answer slowly.',
    metric: apiMetric(api, 'Latency', { statistic: 'p95', minutes: 5 }),
    when: '>',
    threshold: API_LATENCY_MS,
    during: [3, 3],
    missing: 'notBreaching',
  });
  watchControl(alarms, control);
  alarms.add({
    name: 'FunctionsThrottled',
    severity: 'critical',
    says: 'The account has no concurrency left for the API or for scanner-dispatch. Ask for a higher quota of Lambda, or find who uses it.',
    metric: computed(
      'throttled invocations',
      unreserved.map((_, i) => `FILL(m${i}, 0)`).join(' + '),
      Object.fromEntries(
        unreserved.map(({ name }, i) => [`m${i}`, lambdaMetric(name, 'Throttles', { statistic: 'Sum' })]),
      ),
    ),
    ...AGAIN_AND_AGAIN,
  });
}

function watchControl(alarms: StageAlarms, { name, timeoutSeconds }: ObservedFunction): void {
  alarms.add({
    name: 'ControlFailing',
    severity: 'critical',
    says: 'control-operate fails: operations stand still and proxies stay locked until it works. Its log has the reason; the sweep takes operations up again by itself.',
    metric: lambdaMetric(name, 'Errors', { statistic: 'Sum' }),
    ...AGAIN_AND_AGAIN,
  });
  alarms.add({
    name: 'ControlStopped',
    severity: 'critical',
    says: 'control-operate was not invoked for five minutes, so nobody takes up operations whose process died. Look at its schedule.',
    metric: lambdaMetric(name, 'Invocations', { statistic: 'Sum' }),
    when: '<',
    threshold: 1,
    during: [5, 5],
    // Lambda tells of functions only when they are invoked.
    missing: 'breaching',
  });
  alarms.add({
    name: 'ControlSlow',
    severity: 'warning',
    // A group that waits is put aside ten seconds before the end, and taken up by the next invocation: that is no reason.
    says: 'control-operate is cut off by its time limit instead of putting its group aside before. Look which proxy does not answer.',
    metric: lambdaMetric(name, 'Duration', { statistic: 'Maximum' }),
    when: '>',
    threshold: (timeoutSeconds - 2) * 1_000,
    during: [1, 5],
    missing: 'notBreaching',
  });
}
