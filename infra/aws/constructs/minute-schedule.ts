import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import {
  ContextAttribute,
  Schedule,
  ScheduleExpression,
  ScheduleGroup,
  ScheduleTargetInput,
} from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

export interface MinuteScheduleProps {
  /** Of the schedule and of the group that it is alone in, so that its metrics are its own. */
  readonly name: string;
  readonly description: string;
  readonly target: IFunction;
  readonly isEnabled: boolean;
  /** For minutes in which the function could not be invoked. */
  readonly deadLetters: IQueue;
}

/**
 * Invokes a function at the beginning of each minute, with the time that it was meant for: `{"scheduledTime":"…"}`. What
 * could not be handed over is tried twice more, and not after the next minute has come, since that one stands for both.
 */
export class MinuteSchedule extends Construct {
  /** Dimension of the schedule's metrics. */
  readonly groupName: string;

  constructor(
    scope: Construct,
    id: string,
    { name, description, target, isEnabled, deadLetters }: MinuteScheduleProps,
  ) {
    super(scope, id);
    const group = new ScheduleGroup(this, 'Group', { scheduleGroupName: name, removalPolicy: RemovalPolicy.DESTROY });
    this.groupName = group.scheduleGroupName;
    const role = new Role(this, 'Role', {
      description: `Invokes ${name}`,
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Stack.of(this).account, 'aws:SourceArn': group.scheduleGroupArn },
        },
      }),
    });
    // The target's own grant names all versions of the function, by a wildcard; there is but one.
    target.grantInvokeLatestVersion(role);
    deadLetters.grantSendMessages(role);
    const schedule = new Schedule(this, 'Schedule', {
      scheduleName: name,
      description,
      scheduleGroup: group,
      enabled: isEnabled,
      // `rate` counts from the minute's second in which the schedule was made; ticks begin with the minute.
      schedule: ScheduleExpression.cron({ minute: '*' }),
      target: new LambdaInvoke(target, {
        role: role.withoutPolicyUpdates(),
        input: ScheduleTargetInput.fromObject({ scheduledTime: ContextAttribute.scheduledTime }),
        retryAttempts: 2,
        maxEventAge: Duration.minutes(1),
        deadLetterQueue: deadLetters,
      }),
    });
    // Leave to invoke has to be there before the first minute.
    schedule.node.addDependency(role);
  }
}
