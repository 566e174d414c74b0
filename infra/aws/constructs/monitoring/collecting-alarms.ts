import type { ObservedFunction } from '../../stacks/contracts.ts';
import { collectsAtOnce } from './limits.ts';
import { lambdaMetric } from './metrics.ts';
import { AGAIN_AND_AGAIN, type StageAlarms } from './stage-alarms.ts';

/** Watches the function that a tick begins with. */
export function watchDispatch(alarms: StageAlarms, { name, timeoutSeconds }: ObservedFunction): void {
  alarms.add({
    name: 'DispatchFailing',
    severity: 'critical',
    says: 'scanner-dispatch fails: it cannot read the registry or what it remembers in Redis. Its log has the reason.',
    metric: lambdaMetric(name, 'Errors', { statistic: 'Sum' }),
    ...AGAIN_AND_AGAIN,
  });
  alarms.add({
    name: 'DispatchSlow',
    severity: 'warning',
    says: 'scanner-dispatch comes near its time limit, after which the tick is cut off. Look at the maintenance of tables, and at the latency of Redis and the DCDB.',
    metric: lambdaMetric(name, 'Duration', { statistic: 'Maximum' }),
    when: '>',
    threshold: 0.8 * timeoutSeconds * 1_000,
    during: [3, 5],
    missing: 'notBreaching',
  });
}

/** Watches the function that reads proxies, of which many run at once. */
export function watchCollect(
  alarms: StageAlarms,
  { name, timeoutSeconds }: ObservedFunction,
  concurrency: number,
): void {
  alarms.add({
    name: 'CollectFailing',
    severity: 'critical',
    says: 'Invocations of scanner-collect fail for a reason that lies with us, not with proxies. Its log and the dead letters have the reason.',
    metric: lambdaMetric(name, 'Errors', { statistic: 'Sum' }),
    ...AGAIN_AND_AGAIN,
  });
  alarms.add({
    name: 'CollectThrottled',
    severity: 'warning',
    says: 'More invocations of scanner-collect than may run at once: they wait, and after a minute they are dead letters. Raise scanner.concurrency, or scanner.batchSize.',
    metric: lambdaMetric(name, 'Throttles', { statistic: 'Sum' }),
    ...AGAIN_AND_AGAIN,
  });
  alarms.add({
    name: 'CollectNearLimit',
    severity: 'warning',
    says: 'scanner-collect uses 90 % of its reserved concurrency; the next proxies will be throttled. Raise scanner.concurrency, or scanner.batchSize.',
    metric: lambdaMetric(name, 'ConcurrentExecutions', { statistic: 'Maximum' }),
    when: '>=',
    threshold: collectsAtOnce(concurrency),
    during: [10, 15],
    missing: 'notBreaching',
  });
  alarms.add({
    name: 'CollectSlow',
    severity: 'warning',
    // Sampling lasts until two seconds before the next tick, so nearly a minute is as it should be.
    says: 'Invocations of scanner-collect take until their time limit, and what is not delivered by then waits for the next run. Look which sink or proxy is slow.',
    metric: lambdaMetric(name, 'Duration', { statistic: 'p90' }),
    when: '>',
    threshold: (timeoutSeconds - 5) * 1_000,
    during: [5, 5],
    missing: 'notBreaching',
  });
  alarms.add({
    name: 'DeadLettersLost',
    severity: 'critical',
    says: 'A failed invocation of scanner-collect could not be kept as a dead letter. Look whether its role may still send to the queue.',
    metric: lambdaMetric(name, 'DestinationDeliveryFailures', { statistic: 'Sum', minutes: 5 }),
    when: '>=',
    threshold: 1,
    during: [1, 1],
    missing: 'notBreaching',
  });
}
