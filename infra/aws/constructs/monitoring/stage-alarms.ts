import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

export interface AlarmProps {
  /** Section of docs/runbooks.md. */
  readonly name: string;
  /** Which of several, where there is one alarm for each. */
  readonly of?: string;
  /** `critical` is worth waking somebody. */
  readonly severity: 'critical' | 'warning';
  /** What has happened, and the first thing to do about it: a sentence each. */
  readonly says: string;
  readonly metric: IMetric;
  readonly when: '>=' | '>' | '<' | '<=';
  readonly threshold: number;
  /** So many of so many periods of the metric. */
  readonly during: readonly [datapoints: number, periods: number];
  /** What silence means here. */
  readonly missing: 'breaching' | 'notBreaching' | 'ignore';
}

/** For what should never happen, but may once: three minutes of five in which it did. */
export const AGAIN_AND_AGAIN = { when: '>=', threshold: 1, during: [3, 5], missing: 'notBreaching' } as const;

const OPERATORS = {
  '>=': ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  '>': ComparisonOperator.GREATER_THAN_THRESHOLD,
  '<': ComparisonOperator.LESS_THAN_THRESHOLD,
  '<=': ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
} as const;

const MISSING = {
  breaching: TreatMissingData.BREACHING,
  notBreaching: TreatMissingData.NOT_BREACHING,
  ignore: TreatMissingData.IGNORE,
} as const;

/** The alarms of a stage: each tells its topic when it begins and when it is over, and names its section of the runbooks. */
export class StageAlarms extends Construct {
  readonly all: Alarm[] = [];
  readonly #stage: string;
  readonly #action: SnsAction;

  constructor(scope: Construct, id: string, { stage, topic }: { readonly stage: string; readonly topic: ITopic }) {
    super(scope, id);
    this.#stage = stage;
    this.#action = new SnsAction(topic);
  }

  /** Named `proxywatch-<stage>-<name>[-<of>]`. */
  add({ name, of, severity, says, metric, when, threshold, during: [datapoints, periods], missing }: AlarmProps): void {
    const id = of === undefined ? name : `${name}-${of}`;
    const alarm = new Alarm(this, id, {
      alarmName: `proxywatch-${this.#stage}-${id}`,
      alarmDescription: `${severity}: ${says} See docs/runbooks.md#${name.toLowerCase()}`,
      metric,
      comparisonOperator: OPERATORS[when],
      threshold,
      datapointsToAlarm: datapoints,
      evaluationPeriods: periods,
      treatMissingData: MISSING[missing],
    });
    alarm.addAlarmAction(this.#action);
    alarm.addOkAction(this.#action);
    this.all.push(alarm);
  }
}
