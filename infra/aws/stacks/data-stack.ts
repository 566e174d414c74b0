import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import { DeployStep } from '../constructs/deploy-step.ts';
import { metricsWorkspace } from '../constructs/metrics-workspace.ts';
import { ProxyCredentials } from '../constructs/proxy-credentials.ts';
import { sealKeys } from '../constructs/seal-keys.ts';
import { dcdbStore, kafkaStore, redisStore } from '../constructs/stage-stores.ts';
import { SystemFunctions } from '../constructs/system-functions.ts';
import type { PackedSystem } from '../packages/pack-system.ts';
import type { Network, ObservedData, ObservedFunction, Stores } from './contracts.ts';

export interface DataStackProps extends StackProps {
  readonly config: StageConfig;
  readonly packages: PackedSystem;
  readonly network: Network;
}

/** Everything that lasts, and the step that brings it up to date. All stacks with code depend on it. */
export class DataStack extends Stack implements ObservedData {
  readonly stores: Stores;
  readonly observed: readonly ObservedFunction[];
  readonly dcdbClusterId: string | undefined;
  readonly redisCacheName: string | undefined;
  readonly kafkaClusterName: string | undefined;

  constructor(scope: Construct, id: string, { config, packages, network, ...props }: DataStackProps) {
    super(scope, id, props);
    const { dcdb, ...database } = dcdbStore(this, { config, network });
    const { redis, redisUrlSecret, ...cache } = redisStore(this, { config, network });
    const { kafkaProducer, kafkaAdmin, ...kafka } = kafkaStore(this, { config, network });
    const credentials = new ProxyCredentials(this, 'ProxyCredentials', { config });
    this.stores = {
      dcdb,
      redis,
      redisUrlSecret,
      kafkaProducer,
      kafkaAdmin,
      proxyCredentials: (...kinds) => credentials.access(kinds),
      ...sealKeys(this, config),
      workspace: metricsWorkspace(this, config),
    };
    this.dcdbClusterId = database.name;
    this.redisCacheName = cache.name;
    this.kafkaClusterName = kafka.name;

    const functions = new SystemFunctions(this, 'Functions', { config, packages, network });
    const after = [database, cache, kafka].flatMap(({ ready }) => ready);
    new DeployStep(this, 'Deploy', { config, functions, network, stores: this.stores, after });
    this.observed = functions.observed;
    this.#tell(credentials);
  }

  #tell({ secrets }: ProxyCredentials): void {
    new CfnOutput(this, 'StatsCredentialsSecret', { value: secrets.stats.secretArn });
    new CfnOutput(this, 'AdminCredentialsSecret', { value: secrets.admin.secretArn });
    new CfnOutput(this, 'WorkspaceId', { value: this.stores.workspace.id });
    new CfnOutput(this, 'PrometheusUrl', { value: this.stores.workspace.url });
  }
}
