import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { parseStageConfig, type StageInput } from '../../infra/aws/config.ts';
import type { PackedSystem } from '../../infra/aws/packages/pack-system.ts';
import type { Access, Stores } from '../../infra/aws/stacks/contracts.ts';
import { DataStack } from '../../infra/aws/stacks/data-stack.ts';
import { NetworkStack } from '../../infra/aws/stacks/network-stack.ts';
import { dev } from '../../infra/aws/stages/dev.ts';
import { prod } from '../../infra/aws/stages/prod.ts';
import { checkedApp } from './support/checked-app.ts';
import * as given from './support/existing-stage.ts';
import { fakePackages } from './support/fake-platform.ts';

const FOLDER = fileURLToPath(new URL('support', import.meta.url));
const FUNCTION = { path: FOLDER, handler: 'handler.handler', layers: ['core', 'vendor'] } as const;

function dataOf(input: StageInput) {
  const app = checkedApp();
  const config = parseStageConfig(input, 'a test');
  const network = new NetworkStack(app, 'network', { config });
  const packages: PackedSystem = {
    ...fakePackages(FOLDER),
    functions: new Map([['deploy', { name: 'deploy', ...FUNCTION }]]),
  };
  return { app, data: new DataStack(app, 'data', { config, packages, network }) };
}

const templateOf = (input: StageInput): Template => Template.fromStack(dataOf(input).data);
const [devTemplate, prodTemplate, takenTemplate] = [dev, prod, given.existing].map(templateOf) as [
  Template,
  Template,
  Template,
];

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** What a role of another stack may do when it is granted something. */
function statementsOf(input: StageInput, access: (stores: Stores) => Access): readonly Statement[] {
  const { app, data } = dataOf(input);
  const other = new Stack(app, 'other');
  access(data.stores).grantTo(new Role(other, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }));
  app.synth();
  const policies = Object.values(Template.fromStack(other).findResources('AWS::IAM::Policy'));
  return policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[]);
}

test.each<[string, StageInput]>([
  ['dev', dev],
  ['prod', prod],
  ['existing stores', given.existing],
])('the stack passes the checks of cdk-nag with %s, all findings explained', (_, input) => {
  expect(() => dataOf(input).app.synth()).not.toThrow();
});

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

describe('when the stacks are destroyed', () => {
  test('a stage that keeps data leaves a last snapshot of the DCDB, once somebody has lifted its protection', () => {
    prodTemplate.hasResource('AWS::RDS::DBCluster', {
      Properties: { DeletionProtection: true, BackupRetentionPeriod: 14 },
      DeletionPolicy: 'Snapshot',
      UpdateReplacePolicy: 'Snapshot',
    });
  });

  test('it leaves a last snapshot of Redis too', () => {
    prodTemplate.hasResourceProperties('AWS::ElastiCache::ServerlessCache', {
      SnapshotRetentionLimit: 7,
      FinalSnapshotName: 'proxywatch-prod-final',
    });
  });

  test.each(['AWS::APS::Workspace', 'AWS::SecretsManager::Secret', 'AWS::KMS::Key', 'AWS::Logs::LogGroup'])(
    'it leaves each %s',
    (type) => prodTemplate.allResources(type, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' }),
  );

  test('Kafka goes with every stage: what lasts of its events is in the DCDB', () => {
    prodTemplate.hasResource('AWS::MSK::ServerlessCluster', { DeletionPolicy: 'Delete' });
  });

  test('one that keeps none leaves nothing', () => {
    const { Resources } = devTemplate.toJSON() as { Resources: Record<string, { DeletionPolicy?: string }> };
    const left = Object.entries(Resources).filter(([, { DeletionPolicy }]) =>
      /Retain|Snapshot/.test(DeletionPolicy ?? ''),
    );
    expect(left.map(([id]) => id)).toEqual([]);
    devTemplate.hasResourceProperties('AWS::RDS::DBCluster', { DeletionProtection: false });
    devTemplate.allResourcesProperties('AWS::KMS::Key', { PendingWindowInDays: 7 });
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

describe('the workspace', () => {
  test('keeps samples as long as the stage says, and logs what its rules do', () => {
    devTemplate.hasResourceProperties('AWS::APS::Workspace', {
      LoggingConfiguration: { LogGroupArn: Match.anyValue() },
      WorkspaceConfiguration: Match.objectLike({ RetentionPeriodInDays: 30 }),
    });
  });

  test('limits the series of a namespace that is named, and of all others together', () => {
    const metrics = { seriesPerNamespace: { payments: 50_000 }, seriesOfOthers: 1_000_000 };
    templateOf({ ...dev, data: { metrics } }).hasResourceProperties('AWS::APS::Workspace', {
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

describe('the step of the deployment', () => {
  const stepIn = (template: Template) =>
    Object.values(template.findResources('Custom::ProxywatchDeploy'))[0] as {
      readonly Properties: { readonly migrations: string; readonly settings: Record<string, unknown> };
      readonly DependsOn: readonly string[];
    };

  test('comes after all stores, and after the function has its leave', () => {
    const { DependsOn } = stepIn(prodTemplate);
    for (const before of [
      /^DcdbClusterwriter/,
      /^DcdbClusterreader1/,
      /^RedisCache/,
      /^KafkaBrokers/,
      /deployServiceRoleDefaultPolicy/,
    ])
      expect(DependsOn).toContainEqual(expect.stringMatching(before));
  });

  test('runs again when migrations or settings change', () => {
    expect(stepIn(devTemplate).Properties.migrations).toMatch(/^[0-9a-f]{64}$/);
    const moved = templateOf({ ...dev, data: { kafka: { partitions: 12 } } });
    expect(stepIn(moved).Properties.settings).not.toEqual(stepIn(devTemplate).Properties.settings);
    expect(stepIn(devTemplate).Properties.settings).toMatchObject({
      KAFKA_TOPIC_PARTITIONS: '6',
      KAFKA_TOPIC_RETENTION_MS: String(7 * 86_400_000),
    });
  });

  test('fails within a time that somebody waits for', () => {
    devTemplate.hasResourceProperties('Custom::ProxywatchDeploy', { ServiceTimeout: '960' });
    devTemplate.hasResourceProperties('AWS::Lambda::Function', { FunctionName: 'proxywatch-dev-deploy', Timeout: 900 });
  });

  test('looks at the token of the database configuration service, where there is one', () => {
    const tokenSecretArn = given.DCDB_SECRET;
    const api = { ...dev.api, dbconfig: { url: 'http://db.internal', cidrs: ['10.5.0.0/16'], tokenSecretArn } };
    expect(stepIn(templateOf({ ...dev, api })).Properties.settings.DBCONFIG_TOKEN).toBe(
      `secretsmanager:${tokenSecretArn}`,
    );
  });
});

describe('stores that were there', () => {
  test('are left alone: none is made', () => {
    const types = [
      'RDS::DBCluster',
      'ElastiCache::ServerlessCache',
      'MSK::ServerlessCluster',
      'APS::Workspace',
      'SecretsManager::Secret',
    ];
    for (const type of types) takenTemplate.resourceCountIs(`AWS::${type}`, 0);
    const { data } = dataOf(given.existing);
    expect([data.dcdbClusterId, data.redisCacheName, data.kafkaClusterName, data.stores.workspace.isOurs]).toEqual([
      undefined,
      undefined,
      undefined,
      false,
    ]);
  });

  test('are what functions are pointed at, by reference where there is a password', () => {
    takenTemplate.hasResourceProperties('AWS::Lambda::Function', {
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
