import { Duration, Stack } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { AwsCustomResource, AwsCustomResourcePolicy, type AwsSdkCall } from 'aws-cdk-lib/custom-resources';
import type { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import { acknowledge, managedPolicy } from './acknowledgements.ts';
import { StageLogGroup } from './stage-log-group.ts';

export interface AwsCallProps {
  readonly config: StageConfig;
  readonly call: AwsSdkCall;
  /** The leave that the call needs. */
  readonly statements: PolicyStatement[];
  /** Whether it is made again when it changes. @default - once only, when the stack is made */
  readonly onUpdate?: boolean;
}

const PROVIDER = `AWS${AwsCustomResource.PROVIDER_FUNCTION_UUID.replaceAll('-', '')}`;
const LOGS = 'AwsCallLogs';

/**
 * A call of an AWS API during deployment, for what CloudFormation has no resource or attribute for. One function of the library
 * makes all calls of a stack.
 */
export class AwsCall extends AwsCustomResource {
  constructor(scope: Construct, id: string, { config, call, statements, onUpdate = false }: AwsCallProps) {
    super(scope, id, {
      onCreate: call,
      ...(onUpdate && { onUpdate: call }),
      policy: AwsCustomResourcePolicy.fromStatements(statements),
      // What Lambda's runtime brings is enough, and needs no way to npm during a deployment.
      installLatestAwsSdk: false,
      timeout: Duration.minutes(1),
      serviceTimeout: Duration.minutes(3),
      logGroup: logsOf(Stack.of(scope), config),
    });
    acknowledgeProvider(Stack.of(this).node.findChild(PROVIDER) as Construct);
  }
}

function logsOf(stack: Stack, config: StageConfig): StageLogGroup {
  const made = stack.node.tryFindChild(LOGS) as StageLogGroup | undefined;
  const logGroupName = `/aws/lambda/${stack.stackName}-aws-calls`;
  return made ?? new StageLogGroup(stack, LOGS, { config, logGroupName });
}

function acknowledgeProvider(provider: Construct): void {
  acknowledge(provider, {
    [managedPolicy('AWSLambdaBasicExecutionRole')]:
      'the function is made by aws-cdk-lib, which lets it write its log this way',
  });
}
