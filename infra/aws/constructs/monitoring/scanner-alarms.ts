import { FilterPattern, LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { StageConfig } from '../../config.ts';
import type { ObservedFunction } from '../../stacks/contracts.ts';
import { watchCollect, watchDispatch } from './collecting-alarms.ts';
import { LAG_MS } from './limits.ts';
import { ownMetric } from './metrics.ts';
import type { StageAlarms } from './stage-alarms.ts';

export interface ScannerAlarmsProps {
  readonly config: StageConfig;
  readonly alarms: StageAlarms;
  readonly dispatch: ObservedFunction;
  readonly collect: ObservedFunction;
}

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
      threshold: LAG_MS,
      during: [3, 5],
      // ScanStopped tells of silence.
      missing: 'notBreaching',
    });
  }
}
