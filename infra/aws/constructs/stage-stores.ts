import { DEFAULT_ROUTES } from '@proxywatch/core/domain/scan/collectors';
import type { Stack } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IDependable } from 'constructs';
import type { StageConfig } from '../config.ts';
import type { Access, Network, Stores } from '../stacks/contracts.ts';
import { DATABASE, DcdbCluster } from './dcdb-cluster.ts';
import { KafkaCluster } from './kafka-cluster.ts';
import { grantKafka } from './kafka-leave.ts';
import { RedisCache } from './redis-cache.ts';
import { grantReadSecrets } from './secret-access.ts';

interface Parts {
  readonly config: StageConfig;
  readonly network: Network;
}

/** A store, ours or one that is there. */
interface Made {
  /** What it is called in metrics, where it is ours. */
  readonly name?: string;
  /** What has to be there before it can be worked with. */
  readonly ready: readonly IDependable[];
}

export function dcdbStore(stack: Stack, { config, network }: Parts): Made & Pick<Stores, 'dcdb'> {
  const { dcdb: settings, secretKeyArns } = config.data;
  if ('host' in settings) {
    const { host, port, database, secretArn, tls } = settings;
    const authority = tls ? `?tls=${host.endsWith('.rds.amazonaws.com') ? 'rds' : 'true'}` : '';
    return { dcdb: dcdbAccess(`mysql://${host}:${port}/${database}${authority}`, secretArn, secretKeyArns), ready: [] };
  }
  const { cluster, secretArn } = new DcdbCluster(stack, 'Dcdb', { config, settings, network });
  const url = `mysql://${cluster.clusterEndpoint.socketAddress}/${DATABASE}?tls=rds`;
  return { dcdb: dcdbAccess(url, secretArn, []), name: cluster.clusterIdentifier, ready: [cluster] };
}

function dcdbAccess(url: string, secretArn: string, keyArns: readonly string[]): Access {
  return {
    environment: { DCDB_URL: url, DCDB_SECRET_ARN: secretArn },
    grantTo: (grantee) => grantReadSecrets(grantee, [{ secretArn, keyArns }]),
  };
}

export function redisStore(stack: Stack, { config, network }: Parts): Made & Pick<Stores, 'redis' | 'redisUrlSecret'> {
  const { redis: settings, secretKeyArns: keyArns } = config.data;
  if ('urlSecretArn' in settings) {
    const { urlSecretArn: secretArn } = settings;
    return {
      redis: {
        environment: { REDIS_URL: `secretsmanager:${secretArn}` },
        grantTo: (grantee) => grantReadSecrets(grantee, [{ secretArn, keyArns }]),
      },
      redisUrlSecret: Secret.fromSecretCompleteArn(stack, 'RedisUrl', secretArn),
      ready: [],
    };
  }
  if ('address' in settings) {
    const { address, tls, cluster } = settings;
    const mode = cluster === undefined ? '' : `?cluster=${cluster}`;
    const url = `${tls ? 'rediss' : 'redis'}://${address}${mode}`;
    return { redis: openTo(url), redisUrlSecret: undefined, ready: [] };
  }
  const { cache, url } = new RedisCache(stack, 'Redis', { config, settings, network });
  return { redis: openTo(url), redisUrlSecret: undefined, name: cache.serverlessCacheName, ready: [cache] };
}

/** Leave is what the security group gives. */
function openTo(url: string): Access {
  return { environment: { REDIS_URL: url }, grantTo: () => {} };
}

export function kafkaStore(
  stack: Stack,
  { config, network }: Parts,
): Made & Pick<Stores, 'kafkaProducer' | 'kafkaAdmin'> {
  const { kafka: settings } = config.data;
  if (settings === 'none') return { kafkaProducer: WITHOUT_KAFKA, kafkaAdmin: NOTHING, ready: [] };
  if ('brokers' in settings) {
    const { brokers, iam, clusterArn } = settings;
    return { ...kafkaAccess(brokers.join(','), iam ? clusterArn : undefined), ready: [] };
  }
  const cluster = new KafkaCluster(stack, 'Kafka', { config, network });
  return { ...kafkaAccess(cluster.brokers, cluster.clusterArn), name: cluster.clusterName, ready: [cluster] };
}

const NOTHING: Access = { environment: {}, grantTo: () => {} };
/** What would go to Kafka goes where else it went. */
const WITHOUT_KAFKA: Access = {
  ...NOTHING,
  environment: {
    SCAN_ROUTES: JSON.stringify(
      Object.fromEntries(
        Object.entries(DEFAULT_ROUTES).map(([name, sinks]) => [name, sinks.filter((sink) => sink !== 'kafka')]),
      ),
    ),
  },
};

/** Without a cluster of MSK that asks for it, there is no leave to give. */
function kafkaAccess(brokers: string, clusterArn: string | undefined): Pick<Stores, 'kafkaProducer' | 'kafkaAdmin'> {
  const environment = { KAFKA_BROKERS: brokers, ...(clusterArn !== undefined && { KAFKA_IAM: 'true' }) };
  const access = (what: 'produce' | 'create'): Access => ({
    environment,
    grantTo: (grantee) => void (clusterArn !== undefined && grantKafka(grantee, clusterArn, what)),
  });
  return { kafkaProducer: access('produce'), kafkaAdmin: access('create') };
}
