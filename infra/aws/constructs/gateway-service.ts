import { Duration } from 'aws-cdk-lib';
import { type FargateService, type ICluster, Secret } from 'aws-cdk-lib/aws-ecs';
import { DnsRecordType, type INamespace } from 'aws-cdk-lib/aws-servicediscovery';
import { Construct } from 'constructs';
import { GATEWAY_ENVIRONMENT } from '../../../functions/gateway/node-flags.ts';
import type { StageConfig } from '../config.ts';
import type { Network, Stores } from '../stacks/contracts.ts';
import { FargateTask } from './fargate-task.ts';
import { fleetService } from './fleet-service.ts';

export interface GatewayServiceProps {
  readonly config: StageConfig;
  /** Folder of the image. */
  readonly image: string;
  readonly network: Network;
  readonly stores: Stores;
  readonly cluster: ICluster;
  /** Of the VPC, in which gateways have a name together. */
  readonly names: INamespace;
}

export const GATEWAY_PORT = 9464;
/** Below the namespace of the stage. */
export const GATEWAY_NAME = 'gateways';

const MIB = 2 ** 20;
/** `node` of the base image, by number: ECS is to know without the image that it is not root. */
const USER = '1000:1000';

/** The gateways. Who they are they learn from ECS as they start, see functions/gateway/task-identity.ts. */
export class GatewayService extends Construct {
  readonly service: FargateService;
  readonly task: FargateTask;

  constructor(scope: Construct, id: string, { config, image, network, stores, cluster, names }: GatewayServiceProps) {
    super(scope, id);
    const { gateway } = config;
    const credentials = stores.proxyCredentials('stats');
    const { redisUrlSecret } = stores;
    this.task = new FargateTask(this, 'Task', {
      config,
      name: 'gateway',
      image,
      size: gateway,
      user: USER,
      port: GATEWAY_PORT,
      environment: {
        ...GATEWAY_ENVIRONMENT,
        ...credentials.environment,
        ...(redisUrlSecret === undefined && stores.redis.environment),
        GATEWAY_HOST: '0.0.0.0',
        GATEWAY_PORT: String(GATEWAY_PORT),
        DIGEST_TOP_N: String(gateway.digestTopN),
        HISTORY_MEMORY_BYTES: String(gateway.historyMemoryMiB * MIB),
        // A successor stands by before its predecessor is told to stop, so that a slot which is left is taken within a
        // heartbeat or two. Whose slot is still free then was scaled in, and its proxies wait for nobody.
        SLOT_GRACE_SECONDS: '10',
      },
      secrets: redisUrlSecret && { REDIS_URL: Secret.fromSecretsManager(redisUrlSecret) },
      healthCheck: {
        command: ['CMD', 'node', 'health.js'],
        interval: Duration.seconds(10),
        timeout: Duration.seconds(5),
        retries: 3,
        startPeriod: Duration.seconds(60),
      },
    });
    const { definition } = this.task;
    credentials.grantTo(definition.taskRole);
    // A URL that is secret is read by ECS, which then needs the leave that the gateway does not.
    stores.redis.grantTo(redisUrlSecret === undefined ? definition.taskRole : definition.obtainExecutionRole());

    this.service = fleetService(this, 'Service', {
      name: 'gateway',
      cluster,
      task: this.task,
      network,
      securityGroup: network.securityGroups.gateway,
      // Only for `/sd`, which any gateway answers for all of them: eight addresses, as many as fit into an answer, will do.
      cloudMap: {
        name: GATEWAY_NAME,
        cloudMapNamespace: names,
        dnsRecordType: DnsRecordType.A,
        dnsTtl: Duration.seconds(10),
      },
    });
  }
}
