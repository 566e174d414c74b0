import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import { removalOf } from './removal.ts';

export interface StageLogGroupProps {
  readonly config: Pick<StageConfig, 'logDays' | 'keepsData'>;
  readonly logGroupName: string;
}

/** A log group that keeps lines as long as the stage says, and outlives its stack where data does. */
export class StageLogGroup extends LogGroup {
  constructor(scope: Construct, id: string, { config, logGroupName }: StageLogGroupProps) {
    super(scope, id, {
      logGroupName,
      retention: config.logDays as number as RetentionDays,
      removalPolicy: removalOf(config),
    });
  }
}
