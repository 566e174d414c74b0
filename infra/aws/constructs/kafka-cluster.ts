import { RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnServerlessCluster } from 'aws-cdk-lib/aws-msk';
import { PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import type { Network } from '../stacks/contracts.ts';
import { AwsCall } from './aws-call.ts';

export interface KafkaClusterProps {
  readonly config: StageConfig;
  readonly network: Network;
}

/**
 * MSK Serverless, for clients with leave by IAM. It goes with its stack even where data is kept: events pass through it, and what
 * lasts of them is in the DCDB, while an idle cluster costs as much as a busy one.
 */
export class KafkaCluster extends Construct {
  readonly clusterName: string;
  readonly clusterArn: string;
  readonly brokers: string;

  constructor(scope: Construct, id: string, { config, network }: KafkaClusterProps) {
    super(scope, id);
    this.clusterName = `proxywatch-${config.stage}`;
    const cluster = new CfnServerlessCluster(this, 'Cluster', {
      clusterName: this.clusterName,
      clientAuthentication: { sasl: { iam: { enabled: true } } },
      vpcConfigs: [
        {
          subnetIds: network.vpc.selectSubnets(network.subnets).subnetIds,
          securityGroups: [network.securityGroups.kafka.securityGroupId],
        },
      ],
    });
    cluster.applyRemovalPolicy(RemovalPolicy.DESTROY);
    this.clusterArn = cluster.attrArn;
    // CloudFormation has no attribute for them.
    const lookUp = new AwsCall(this, 'Brokers', {
      config,
      call: {
        service: 'Kafka',
        action: 'getBootstrapBrokers',
        parameters: { ClusterArn: this.clusterArn },
        outputPaths: ['BootstrapBrokerStringSaslIam'],
        physicalResourceId: PhysicalResourceId.of(this.clusterArn),
      },
      onUpdate: true,
      statements: [new PolicyStatement({ actions: ['kafka:GetBootstrapBrokers'], resources: [this.clusterArn] })],
    });
    this.brokers = lookUp.getResponseField('BootstrapBrokerStringSaslIam');
  }
}
