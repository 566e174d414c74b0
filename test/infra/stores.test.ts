import { describe, expect, test } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { routesOf } from '../../functions/scanner/collect/config.ts';
import { dev } from '../../infra/aws/stages/dev.ts';
import { prod } from '../../infra/aws/stages/prod.ts';
import { dataOf, dataTemplateOf, type Statement, statementsOf } from './support/data-stack.ts';
import * as given from './support/existing-stage.ts';

const devTemplate = dataTemplateOf(dev);
const prodTemplate = dataTemplateOf(prod);

describe('the DCDB', () => {
  test('takes nobody without TLS, stands in no public place, and encrypts what it stores', () => {
    devTemplate.hasResourceProperties('AWS::RDS::DBClusterParameterGroup', {
      Parameters: Match.objectLike({ require_secure_transport: 'ON' }),
    });
    devTemplate.allResourcesProperties('AWS::RDS::DBInstance', { PubliclyAccessible: false });
    devTemplate.hasResourceProperties('AWS::RDS::DBCluster', { StorageEncrypted: true, KmsKeyId: Match.anyValue() });
  });

  test('has a password that RDS makes, keeps and rotates, and no template has', () => {
    devTemplate.hasResourceProperties('AWS::RDS::DBCluster', {
      ManageMasterUserPassword: true,
      MasterUserPassword: Match.absent(),
    });
  });

  test('is as large as the stage says, and never pauses', () => {
    const scaling = { MinCapacity: 0.5, MaxCapacity: 4, SecondsUntilAutoPause: Match.absent() };
    devTemplate.hasResourceProperties('AWS::RDS::DBCluster', { ServerlessV2ScalingConfiguration: scaling });
    devTemplate.resourceCountIs('AWS::RDS::DBInstance', 1);
    prodTemplate.resourceCountIs('AWS::RDS::DBInstance', 2);
    // The one that takes over is as large as the writer: it has a tier that scales with it.
    prodTemplate.hasResourceProperties('AWS::RDS::DBInstance', { PromotionTier: 1 });
  });

  test('logs who came and what took long, for as long as the stage keeps logs', () => {
    devTemplate.hasResource('AWS::RDS::DBCluster', {
      Properties: { EnableCloudwatchLogsExports: ['audit', 'error', 'slowquery'] },
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('auditlogs')]),
    });
    for (const log of ['audit', 'error', 'slowquery'])
      devTemplate.hasResourceProperties('AWS::Logs::LogGroup', {
        LogGroupName: `/aws/rds/cluster/proxywatch-dev-dcdb/${log}`,
      });
    devTemplate.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
  });
});

describe('Redis', () => {
  test('is Valkey that grows and costs no more than the stage says', () => {
    prodTemplate.hasResourceProperties('AWS::ElastiCache::ServerlessCache', {
      Engine: 'valkey',
      MajorEngineVersion: '8',
      CacheUsageLimits: { DataStorage: { Maximum: 20, Unit: 'GB' }, ECPUPerSecond: { Maximum: 50_000 } },
    });
  });

  test('is reached over TLS, as a cluster', () => {
    const { data } = dataOf(dev);
    const { REDIS_URL } = data.resolve(data.stores.redis.environment);
    expect(REDIS_URL['Fn::Join'][1]).toEqual(['rediss://', expect.anything(), ':', expect.anything(), '?cluster=true']);
  });
});

describe('Kafka', () => {
  const topicsOf = ({ Resource }: Statement) =>
    JSON.stringify(Resource)
      .match(/proxywatch\.[a-z-]+\.v1/g)
      ?.sort();
  const topics = ['proxywatch.key-logs.v1', 'proxywatch.slow-sql.v1', 'proxywatch.slow-transactions.v1'];

  test('tells its brokers to nobody but the call that asks for this cluster', () => {
    devTemplate.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: Match.objectLike({
        Statement: [
          {
            Action: 'kafka:GetBootstrapBrokers',
            Effect: 'Allow',
            Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('^KafkaCluster'), 'Arn'] },
          },
        ],
      }),
    });
  });

  test('is written to by producers, at three topics and no other', () => {
    const [connect, write] = statementsOf(dev, ({ kafkaProducer }) => kafkaProducer);
    expect(connect?.Action).toBe('kafka-cluster:Connect');
    expect(write?.Action).toEqual(['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData']);
    expect(topicsOf(write as Statement)).toEqual(topics);
  });

  test('has these three created by who may create topics, who does not write', () => {
    const [, create] = statementsOf(dev, ({ kafkaAdmin }) => kafkaAdmin);
    expect(create?.Action).toEqual(['kafka-cluster:CreateTopic', 'kafka-cluster:DescribeTopic']);
    expect(topicsOf(create as Statement)).toEqual(topics);
  });
});

describe('a stage without Kafka', () => {
  const { data } = dataOf({ ...dev, data: { kafka: 'none' } });

  test('has events go to the DCDB alone', () => {
    const { SCAN_ROUTES } = data.stores.kafkaProducer.environment;
    expect(routesOf({ SCAN_ROUTES: JSON.parse(SCAN_ROUTES as string) })).toEqual({
      status: ['redis'],
      sqlStats: ['dcdb'],
      sqlErrors: ['dcdb'],
      slowSql: ['dcdb'],
      slowTransactions: ['dcdb'],
      keyLogs: ['dcdb'],
    });
  });

  test('has no cluster, and nobody asks for one', () => {
    const template = Template.fromStack(data);
    template.resourceCountIs('AWS::MSK::ServerlessCluster', 0);
    expect(JSON.stringify(template.toJSON())).not.toMatch(/kafka-cluster:|KAFKA_/);
  });
});

describe('the workspace', () => {
  test('keeps samples as long as the stage says, and logs what its rules do', () => {
    devTemplate.hasResourceProperties('AWS::APS::Workspace', {
      LoggingConfiguration: { LogGroupArn: Match.anyValue() },
      WorkspaceConfiguration: Match.objectLike({ RetentionPeriodInDays: 30 }),
    });
  });

  test('limits the series of a namespace that is named, and of all others together', () => {
    const metrics = { seriesPerNamespace: { payments: 50_000 }, seriesOfOthers: 1_000_000 };
    dataTemplateOf({ ...dev, data: { metrics } }).hasResourceProperties('AWS::APS::Workspace', {
      WorkspaceConfiguration: Match.objectLike({
        LimitsPerLabelSets: [
          { LabelSet: [{ Name: 'namespace', Value: 'payments' }], Limits: { MaxSeries: 50_000 } },
          { LabelSet: [], Limits: { MaxSeries: 1_000_000 } },
        ],
      }),
    });
  });

  test('is called by an address that a path is appended to', () => {
    const { data } = dataOf(given.existing);
    expect(data.resolve(data.stores.workspace.url)['Fn::Join'][1].at(-1)).toBe(`/workspaces/${given.WORKSPACE_ID}`);
  });
});

describe('credentials of proxies', () => {
  test('are two secrets, empty at first, under a key of their own that rotates', () => {
    devTemplate.resourcePropertiesCountIs(
      'AWS::SecretsManager::Secret',
      { SecretString: '{}', KmsKeyId: Match.anyValue() },
      2,
    );
    devTemplate.resourcePropertiesCountIs('AWS::KMS::Key', { EnableKeyRotation: true }, 3);
  });

  test('are read apart: who reads statistics gets the one secret, and no key but through it', () => {
    const [read, decrypt] = statementsOf(dev, ({ proxyCredentials }) => proxyCredentials('stats'));
    expect(read?.Action).toBe('secretsmanager:GetSecretValue');
    expect(JSON.stringify(read?.Resource)).toMatch(/ProxyCredentialsstats/);
    expect(JSON.stringify(read?.Resource)).not.toMatch(/ProxyCredentialsadmin/);
    expect(decrypt?.Condition).toEqual({ StringEquals: { 'kms:ViaService': expect.anything() } });
  });
});

test('keys that seal passwords open nothing outside of their purpose, and fingerprints have a key that cannot encrypt', () => {
  const [seal, mac] = statementsOf(dev, ({ secretKeys }) => secretKeys);
  expect(seal?.Action).toEqual(['kms:Decrypt', 'kms:GenerateDataKey']);
  expect(seal?.Condition).toEqual({ StringEquals: { 'kms:EncryptionContext:application': 'proxywatch' } });
  expect(mac?.Action).toBe('kms:GenerateMac');
  devTemplate.hasResourceProperties('AWS::KMS::Key', { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
});
