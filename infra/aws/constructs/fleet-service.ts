import type { ISecurityGroup } from 'aws-cdk-lib/aws-ec2';
import {
  AvailabilityZoneRebalancing,
  type CloudMapOptions,
  FargatePlatformVersion,
  FargateService,
  type ICluster,
  PropagatedTagSource,
} from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import type { Network } from '../stacks/contracts.ts';
import type { FargateTask } from './fargate-task.ts';

export interface FleetServiceProps {
  readonly name: string;
  readonly cluster: ICluster;
  readonly task: FargateTask;
  readonly network: Network;
  readonly securityGroup: ISecurityGroup;
  /** @default - left to who scales it */
  readonly desiredCount?: number;
  readonly cloudMap?: CloudMapOptions;
}

/**
 * Tasks in private subnets of all zones. A new version is started beside the old one, which ends only when as many new tasks
 * are well; if they do not get well, the old ones stay.
 */
export function fleetService(scope: Construct, id: string, props: FleetServiceProps): FargateService {
  const { name: serviceName, cluster, task, network, securityGroup, desiredCount, cloudMap } = props;
  const service = new FargateService(scope, id, {
    serviceName,
    cluster,
    taskDefinition: task.definition,
    platformVersion: FargatePlatformVersion.VERSION1_4,
    vpcSubnets: network.subnets,
    securityGroups: [securityGroup],
    assignPublicIp: false,
    minHealthyPercent: 100,
    maxHealthyPercent: 200,
    circuitBreaker: { rollback: true },
    // After a zone was lost and is back, half of the tasks return to it without anybody's help.
    availabilityZoneRebalancing: AvailabilityZoneRebalancing.ENABLED,
    propagateTags: PropagatedTagSource.SERVICE,
    ...(desiredCount !== undefined && { desiredCount }),
    ...(cloudMap && { cloudMapOptions: cloudMap }),
  });
  // Tasks that start before their image may be had count as failed.
  service.node.addDependency(task.definition.obtainExecutionRole());
  return service;
}
