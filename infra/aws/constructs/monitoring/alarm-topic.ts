import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import type { StageConfig } from '../../config.ts';
import type { Workspace } from '../../stacks/contracts.ts';
import { alarmTopicName } from './alert-manager.ts';

export interface AlarmTopicProps {
  readonly config: Pick<StageConfig, 'stage' | 'alarmEmail'>;
  readonly workspace: Workspace;
}

/** Where alarms of CloudWatch and alerts of the workspace go, and nothing else may: encrypted, and over TLS alone. */
export class AlarmTopic extends Topic {
  constructor(scope: Construct, id: string, { config, workspace }: AlarmTopicProps) {
    const name = alarmTopicName(config.stage);
    // Amazon's own key for SNS does not let CloudWatch in.
    const key = new Key(scope, `${id}Key`, {
      alias: `alias/${name}`,
      description: `Proxywatch ${config.stage}: messages of alarms`,
      enableKeyRotation: true,
      pendingWindow: Duration.days(7),
      // SNS keeps no message for long: without the topic nothing is left to be read with it.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    super(scope, id, { topicName: name, displayName: `Proxywatch ${config.stage}`, masterKey: key, enforceSSL: true });

    const { partition, region, account } = Stack.of(this);
    const alarms = `arn:${partition}:cloudwatch:${region}:${account}:alarm:proxywatch-${config.stage}-*`;
    this.#letIn(key, 'cloudwatch.amazonaws.com', { ArnLike: { 'aws:SourceArn': alarms } });
    // Alerts of a workspace that was there before us go where its owner sends them.
    if (workspace.isOurs) this.#letIn(key, 'aps.amazonaws.com', { ArnEquals: { 'aws:SourceArn': workspace.arn } });
    if (config.alarmEmail !== undefined) this.addSubscription(new EmailSubscription(config.alarmEmail));
  }

  #letIn(key: Key, service: string, from: Readonly<Record<string, object>>): void {
    const principals = [new ServicePrincipal(service)];
    const account = { 'aws:SourceAccount': Stack.of(this).account };
    this.addToResourcePolicy(
      new PolicyStatement({
        principals,
        actions: ['sns:Publish', 'sns:GetTopicAttributes'],
        resources: [this.topicArn],
        conditions: { StringEquals: account, ...from },
      }),
    );
    key.addToResourcePolicy(
      new PolicyStatement({
        principals,
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        // The topic's policy is strict. Here a service that does not say for whom it asks must not lose an alarm.
        conditions: { StringEqualsIfExists: account },
      }),
    );
  }
}
