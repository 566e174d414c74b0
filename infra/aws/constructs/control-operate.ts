import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import type { Network, Stores } from '../stacks/contracts.ts';
import { databaseConfigAccess } from './database-config-access.ts';
import { createDeadLetters } from './dead-letters.ts';
import { MinuteSchedule } from './minute-schedule.ts';
import type { SystemFunctions } from './system-functions.ts';

export interface ControlOperateProps {
  readonly config: StageConfig;
  readonly functions: SystemFunctions;
  readonly network: Network;
  readonly stores: Stores;
}

const NAME = 'control-operate';
/**
 * The longest there is. Groups with pauses and health to watch take minutes; who is ended leaves the group to the next one,
 * after the lease of it has run out, so that fewer ends are fewer waits.
 */
const TIMEOUT = Duration.minutes(15);

/**
 * Carries operations on: each group of proxies in an invocation of its own, which the function asks itself for. Each minute it
 * looks for what nobody works on, after deaths and lost invocations; so what ends in the queue was taken up again, and tells
 * that something is wrong.
 */
export class ControlOperate extends Construct {
  readonly function: LambdaFunction;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { config, functions, network, stores }: ControlOperateProps) {
    super(scope, id);
    const functionName = `proxywatch-${config.stage}-${NAME}`;
    this.function = functions.add({
      name: NAME,
      description: 'Changes proxies, group by group',
      securityGroup: network.securityGroups.control,
      timeout: TIMEOUT,
      access: [
        stores.dcdb,
        stores.redis,
        stores.secretKeys,
        stores.proxyCredentials('admin'),
        databaseConfigAccess(config),
      ],
      environment: { OPERATE_FUNCTION: functionName },
      // Bounded by the groups of an operation, of which each invocation ends or leaves one.
      invokesItself: true,
    });
    // By its name: a reference to itself would be a circle.
    this.function.addToRolePolicy(
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: [
          Stack.of(this).formatArn({
            service: 'lambda',
            resource: 'function',
            resourceName: functionName,
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
        ],
      }),
    );
    this.deadLetters = createDeadLetters(this, 'DeadLetters', `proxywatch-${config.stage}-operate-dead-letters`);
    this.function.configureAsyncInvoke({
      // Rejected are invocations that could not reach the DCDB: it may be there a minute later.
      retryAttempts: 2,
      maxEventAge: Duration.minutes(10),
      onFailure: new SqsDestination(this.deadLetters),
    });
    new MinuteSchedule(this, 'EachMinute', {
      name: `proxywatch-${config.stage}-sweep`,
      description: 'Looks for operations that nobody works on',
      target: this.function,
      isEnabled: true,
      deadLetters: this.deadLetters,
    });
  }
}
