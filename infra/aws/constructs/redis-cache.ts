import { RemovalPolicy } from 'aws-cdk-lib';
import { CfnServerlessCache } from 'aws-cdk-lib/aws-elasticache';
import { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import type { Network } from '../stacks/contracts.ts';

export interface RedisCacheProps {
  readonly config: StageConfig;
  readonly settings: Extract<StageConfig['data']['redis'], { maxStorageGb: number }>;
  readonly network: Network;
}

const SNAPSHOTS = 7;

/**
 * ElastiCache Serverless with Valkey: encrypted at rest and on the way, in all zones of its subnets. It has no users: who may
 * come is what its security group says.
 */
export class RedisCache extends Construct {
  readonly cache: CfnServerlessCache;
  readonly url: string;

  constructor(scope: Construct, id: string, { config, settings, network }: RedisCacheProps) {
    super(scope, id);
    const serverlessCacheName = `proxywatch-${config.stage}`;
    this.cache = new CfnServerlessCache(this, 'Cache', {
      serverlessCacheName,
      description: `Proxywatch ${config.stage}: registry, membership, histories of statistics`,
      engine: 'valkey',
      majorEngineVersion: '8',
      // It grows by itself, and so does its price: up to here.
      cacheUsageLimits: {
        dataStorage: { maximum: settings.maxStorageGb, unit: 'GB' },
        ecpuPerSecond: { maximum: settings.maxEcpuPerSecond },
      },
      securityGroupIds: [network.securityGroups.redis.securityGroupId],
      subnetIds: network.vpc.selectSubnets(network.subnets).subnetIds,
      ...(config.keepsData && {
        snapshotRetentionLimit: SNAPSHOTS,
        dailySnapshotTime: '02:00',
        finalSnapshotName: `${serverlessCacheName}-final`,
      }),
    });
    // CloudFormation takes no snapshot of it when it deletes it; where data is kept, the cache itself takes the final one.
    this.cache.applyRemovalPolicy(RemovalPolicy.DESTROY);
    this.url = `rediss://${this.cache.attrEndpointAddress}:${this.cache.attrEndpointPort}?cluster=true`;
  }
}
