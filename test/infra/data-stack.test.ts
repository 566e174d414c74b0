import { describe, expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import type { StageInput } from '../../infra/aws/config.ts';
import { dev } from '../../infra/aws/stages/dev.ts';
import { prod } from '../../infra/aws/stages/prod.ts';
import { dataOf, dataTemplateOf } from './support/data-stack.ts';
import * as given from './support/existing-stage.ts';

const devTemplate = dataTemplateOf(dev);
const prodTemplate = dataTemplateOf(prod);

test.each<[string, StageInput]>([
  ['dev', dev],
  ['prod', prod],
  ['existing stores', given.existing],
])('the stack passes the checks of cdk-nag with %s, all findings explained', (_, input) => {
  expect(() => dataOf(input).app.synth()).not.toThrow();
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
    'it leaves each %s, but none of a first deployment that fails: the next one makes it again by the same name',
    (type) =>
      prodTemplate.allResources(type, { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' }),
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
    const moved = dataTemplateOf({ ...dev, data: { kafka: { partitions: 12 } } });
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
    expect(stepIn(dataTemplateOf({ ...dev, api })).Properties.settings.DBCONFIG_TOKEN).toBe(
      `secretsmanager:${tokenSecretArn}`,
    );
  });
});
