import { FilterPattern, LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { StageConfig } from '../../config.ts';
import type { ObservedFunction } from '../../stacks/contracts.ts';
import { lambdaMetric, ownMetric } from './metrics.ts';
import type { StageAlarms } from './stage-alarms.ts';

export interface ScannerAlarmsProps {
  readonly config: StageConfig;
  readonly alarms: StageAlarms;
  readonly dispatch: ObservedFunction;
  readonly collect: ObservedFunction;
}

/** `dispatch` gives up sending 54 s after the tick; this is when it comes near. */
const LAG_LIMIT_MS = 45_000;
/** Sinks that a batch can wait for; Redis, where it waits, is none of them. */
const SINKS = ['dcdb', 'kafka'] as const;

/** Watches whether each tick comes, is sent in time and done, and whether records reach their sinks. */
export class ScannerAlarms extends Construct {
  /** Milliseconds from a tick until all of it was sent. */
  readonly lag: { readonly namespace: string; readonly metricName: string };
  /** Proxies that were due. */
  readonly due: { readonly namespace: string; readonly metricName: string };
  /** Runs that met a sink that was away, by sink. */
  readonly sinkAway: { readonly namespace: string; readonly metricName: string };

  constructor(scope: Construct, id: string, { config, alarms, dispatch, collect }: ScannerAlarmsProps) {
    super(scope, id);
    const namespace = `Proxywatch/${config.stage}`;
    const metricOf = ({ logGroupName }: ObservedFunction, metricName: string, event: string, more: object) => {
      new MetricFilter(this, metricName, {
        logGroup: LogGroup.fromLogGroupName(this, `${metricName}Log`, logGroupName),
        filterPattern: FilterPattern.stringValue('$.event', '=', event),
        metricNamespace: namespace,
        metricName,
        metricValue: '1',
        ...more,
      });
      return { namespace, metricName };
    };
    this.lag = metricOf(dispatch, 'ScanLagMs', 'tick dispatched*', { metricValue: '$.lagMs' });
    this.due = metricOf(dispatch, 'ScanDueProxies', 'tick dispatched*', { metricValue: '$.due' });
    this.sinkAway = metricOf(collect, 'SinkAway', 'a sink is away*', { dimensions: { sink: '$.sink' } });
    const letGo = metricOf(collect, 'BatchesLetGo', 'a batch is let go', {});

    if (config.scanner.isEnabled) this.#watchTicks(alarms);
    watchDispatch(alarms, dispatch);
    watchCollect(alarms, collect, config.scanner.concurrency);
    for (const sink of SINKS)
      alarms.add({
        name: 'SinkAway',
        of: sink,
        severity: 'critical',
        says: `The scanner cannot write to ${sink}: what it reads waits in Redis and reaches it later, as long as there is room. Bring ${sink} back.`,
        metric: ownMetric(this.sinkAway, { statistic: 'Sum' }, { sink }),
        when: '>=',
        threshold: 1,
        during: [5, 5],
        // Lines come only when it is away.
        missing: 'notBreaching',
      });
    alarms.add({
      name: 'BatchLetGo',
      severity: 'warning',
      says: 'A sink refuses records for good, and they are gone. The log of scanner-collect names sink, batch and reason.',
      metric: ownMetric(letGo, { statistic: 'Sum', minutes: 5 }),
      when: '>=',
      threshold: 1,
      during: [1, 1],
      missing: 'notBreaching',
    });
  }

  #watchTicks(alarms: StageAlarms): void {
    alarms.add({
      name: 'ScanStopped',
      severity: 'critical',
      says: 'No tick of the scanner was dispatched for five minutes: nothing is collected. Look at the schedule and at the log of scanner-dispatch.',
      metric: ownMetric(this.lag, { statistic: 'SampleCount' }),
      when: '<',
      threshold: 1,
      during: [5, 5],
      // A tick that is not told of has not been.
      missing: 'breaching',
    });
    alarms.add({
      name: 'ScanLagging',
      severity: 'warning',
      says: 'It takes most of a minute until all invocations of a tick are sent; what is not sent after 54 s becomes a dead letter. Look for throttling of scanner-collect, or raise scanner.batchSize.',
      metric: ownMetric(this.lag, { statistic: 'Maximum' }),
      when: '>',
      threshold: LAG_LIMIT_MS,
      during: [3, 5],
      // ScanStopped tells of silence.
      missing: 'notBreaching',
    });
  }
}

function watchDispatch(alarms: StageAlarms, { name, timeoutSeconds }: ObservedFunction): void {
  alarms.add({
    name: 'DispatchFailing',
    severity: 'critical',
    says: 'scanner-dispatch fails: it cannot read the registry or what it remembers in Redis. Its log has the reason.',
    metric: lambdaMetric(name, 'Errors', { statistic: 'Sum' }),
    when: '>=',
    threshold: 1,
    during: [3, 5],
    missing: 'notBreaching',
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

function watchCollect(alarms: StageAlarms, { name, timeoutSeconds }: ObservedFunction, concurrency: number): void {
  alarms.add({
    name: 'CollectFailing',
    severity: 'critical',
    says: 'Invocations of scanner-collect fail for a reason that lies with us, not with proxies. Its log and the dead letters have the reason.',
    metric: lambdaMetric(name, 'Errors', { statistic: 'Sum' }),
    when: '>=',
    threshold: 1,
    during: [3, 5],
    missing: 'notBreaching',
  });
  alarms.add({
    name: 'CollectThrottled',
    severity: 'warning',
    says: 'More invocations of scanner-collect than may run at once: they wait, and after a minute they are dead letters. Raise scanner.concurrency, or scanner.batchSize.',
    metric: lambdaMetric(name, 'Throttles', { statistic: 'Sum' }),
    when: '>=',
    threshold: 1,
    during: [3, 5],
    missing: 'notBreaching',
  });
  alarms.add({
    name: 'CollectNearLimit',
    severity: 'warning',
    says: 'scanner-collect uses 90 % of its reserved concurrency; the next proxies will be throttled. Raise scanner.concurrency, or scanner.batchSize.',
    metric: lambdaMetric(name, 'ConcurrentExecutions', { statistic: 'Maximum' }),
    when: '>=',
    threshold: Math.ceil(0.9 * concurrency),
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
