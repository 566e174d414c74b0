import { describe, expect, test } from '@jest/globals';
import { parseDeployConfig } from '../../functions/deploy/config.ts';
import { parseStageConfig } from '../../infra/aws/config.ts';
import { dev } from '../../infra/aws/stages/dev.ts';
import { dataOf, dataTemplateOf, statementsOf } from './support/data-stack.ts';
import * as given from './support/existing-stage.ts';

describe('stores that were there', () => {
  const template = dataTemplateOf(given.existing);

  test('are left alone: none is made', () => {
    const types = [
      'RDS::DBCluster',
      'ElastiCache::ServerlessCache',
      'MSK::ServerlessCluster',
      'APS::Workspace',
      'SecretsManager::Secret',
    ];
    for (const type of types) template.resourceCountIs(`AWS::${type}`, 0);
    const { data } = dataOf(given.existing);
    expect([data.dcdbClusterId, data.redisCacheName, data.kafkaClusterName, data.stores.workspace.isOurs]).toEqual([
      undefined,
      undefined,
      undefined,
      false,
    ]);
  });

  test('are what functions are pointed at, by reference where there is a password', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'proxywatch-taken-deploy',
      Environment: {
        Variables: {
          DCDB_URL: 'mysql://db.example:3307/proxywatch?tls=true',
          DCDB_SECRET_ARN: given.DCDB_SECRET,
          REDIS_URL: `secretsmanager:${given.REDIS_SECRET}`,
          KAFKA_BROKERS: 'b-1.example:9098,b-2.example:9098',
          KAFKA_IAM: 'true',
          PROXY_CREDENTIALS_SECRETS: `${given.STATS_SECRET},${given.ADMIN_SECRET}`,
        },
      },
    });
  });

  test('are told in variables that the function takes, once its secrets are in them', () => {
    const [deploy] = Object.values(template.findResources('AWS::Lambda::Function'));
    const opened = {
      ...deploy?.Properties.Environment.Variables,
      REDIS_URL: 'rediss://:not-a-secret@redis.example:7000',
      AWS_REGION: 'eu-central-1',
    };
    expect(parseDeployConfig(opened).DCDB_SECRET_ARN).toBe(given.DCDB_SECRET);
  });

  test('have their secrets opened with the keys that the stage names', () => {
    const [read, decrypt] = statementsOf(given.existing, ({ dcdb }) => dcdb);
    expect(read?.Resource).toBe(given.DCDB_SECRET);
    expect(decrypt?.Resource).toBe(given.SECRET_KEY);
  });

  test('of RDS are checked against its authorities, and of MSK have their topics named', () => {
    const dcdb = { ...given.existing.data.dcdb, host: 'x.cluster-y.eu-central-1.rds.amazonaws.com' };
    const { data } = dataOf({ ...given.existing, data: { ...given.existing.data, dcdb } });
    expect(data.stores.dcdb.environment.DCDB_URL).toMatch(/\?tls=rds$/);
    const [, write] = statementsOf(given.existing, ({ kafkaProducer }) => kafkaProducer);
    const topic = given.KAFKA_CLUSTER.replace(':cluster/', ':topic/');
    expect(write?.Resource).toContain(`${topic}/proxywatch.slow-sql.v1`);
  });

  test('without IAM take no leave, and Redis without a password is called by its address', () => {
    const kafka = { brokers: ['kafka.example:9092'] };
    const redis = { address: 'redis.example:6379', cluster: false };
    const input = { ...given.existing, data: { ...given.existing.data, kafka, redis } };
    expect(statementsOf(input, ({ kafkaProducer }) => kafkaProducer)).toEqual([]);
    const { kafkaProducer, redis: store } = dataOf(input).data.stores;
    expect(kafkaProducer.environment).toEqual({ KAFKA_BROKERS: 'kafka.example:9092' });
    expect(store.environment).toEqual({ REDIS_URL: 'rediss://redis.example:6379?cluster=false' });
  });

  test.each<[object, string]>([
    [{ kafka: { brokers: ['b:9098'], iam: true } }, 'data.kafka.clusterArn: not set'],
    [{ dcdb: { minAcu: 8, maxAcu: 4 } }, 'data.dcdb.minAcu: more than maxAcu'],
    [{ proxyCredentials: { statsSecretArn: given.STATS_SECRET } }, 'data.proxyCredentials.adminSecretArn'],
  ])('are refused by the name of the setting: %j', (data, message) => {
    expect(() => parseStageConfig({ ...dev, data }, 'a test')).toThrow(message);
  });
});
