import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { parseStageConfig } from '../../infra/aws/config.ts';
import { MonitoringStack, type MonitoringStackProps } from '../../infra/aws/stacks/monitoring-stack.ts';
import { STAGES } from '../../infra/aws/stages/index.ts';
import { checkedApp } from './support/checked-app.ts';
import { fakeStores, WORKSPACE_ARN } from './support/fake-platform.ts';

const { dev } = STAGES;
const observed = (...names: string[]) =>
  names.map((name) => ({
    name: `proxywatch-dev-${name}`,
    logGroupName: `/aws/lambda/proxywatch-dev-${name}`,
    timeoutSeconds: 90,
  }));
const { workspace } = fakeStores();
const STORES = { dcdbClusterId: 'dcdb-1', redisCacheName: 'redis-1', kafkaClusterName: 'kafka-1' };
const SCAN_LETTERS = 'proxywatch-dev-scan-dead-letters';

function synthesize(settings: object = {}, over: Partial<MonitoringStackProps['data']> = {}): Template {
  // Throws where a rule of AWS Solutions is broken without a reason.
  return Template.fromStack(
    new MonitoringStack(checkedApp(), 'proxywatch-dev-monitoring', {
      config: parseStageConfig({ ...dev, ...settings }, 'a test'),
      data: { observed: observed('deploy'), stores: { workspace }, ...STORES, ...over },
      api: {
        observed: observed('api-proxies', 'api-system', 'control-operate'),
        apiName: 'proxywatch-dev',
        stageName: 'v1',
        deadLetterQueueNames: ['proxywatch-dev-sweep-dead-letters'],
      },
      scanner: {
        observed: observed('scanner-dispatch', 'scanner-collect'),
        deadLetterQueueNames: [SCAN_LETTERS, 'proxywatch-dev-tick-dead-letters'],
        scheduleGroupName: 'proxywatch-dev-scanner',
      },
      gateway: {
        clusterName: 'proxywatch-dev',
        services: observed('gateway', 'prometheus'),
        seriesMetric: { namespace: 'Proxywatch/dev', metricName: 'GatewaySeries' },
      },
    }),
  );
}

interface Alarm {
  readonly AlarmName: string;
  readonly AlarmDescription: string;
  readonly AlarmActions: readonly unknown[];
  readonly OKActions: readonly unknown[];
  readonly TreatMissingData: string;
  readonly Threshold: number;
}
const alarmsOf = (template: Template): readonly Alarm[] =>
  Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);
/** Without the stage, and without what an alarm is for where there are several. */
const kindOf = ({ AlarmName }: Alarm) => AlarmName.split('-')[2] ?? AlarmName;
const kindsOf = (template: Template) => new Set(alarmsOf(template).map(kindOf));

const template = synthesize();

describe('each alarm', () => {
  test.each(alarmsOf(template).map((alarm) => [alarm.AlarmName, alarm] as const))(
    '%s says what has happened, how bad it is, and where to read on; tells when it begins and when it is over',
    (_, alarm) => {
      expect(alarm.AlarmDescription).toMatch(/^(critical|warning): .{60,} See docs\/runbooks\.md#\w+$/);
      expect(alarm.AlarmDescription.length).toBeLessThan(1_024);
      expect(alarm.AlarmDescription).toContain(`#${kindOf(alarm).toLowerCase()}`);
      expect(alarm.AlarmActions).toHaveLength(1);
      expect(alarm.OKActions).toEqual(alarm.AlarmActions);
    },
  );
});

describe('the alarms of a stage', () => {
  test('take silence for trouble only where something speaks all the time', () => {
    const silent = alarmsOf(template).filter(({ TreatMissingData }) => TreatMissingData === 'breaching');
    expect([...new Set(silent.map(kindOf))].toSorted()).toEqual([
      'ControlStopped',
      'DcdbAtCapacity',
      'GatewaysSilent',
      'SamplesNotArriving',
      'ScanStopped',
      'TasksMissing',
    ]);
  });

  test('tell of a message in any queue of dead letters', () => {
    for (const queue of ['scan', 'tick', 'sweep'])
      template.hasResourceProperties('AWS::CloudWatch::Alarm', {
        Namespace: 'AWS/SQS',
        MetricName: 'ApproximateNumberOfMessagesVisible',
        Dimensions: [{ Name: 'QueueName', Value: `proxywatch-dev-${queue}-dead-letters` }],
        Threshold: 1,
      });
  });

  test('do not wait for ticks that were switched off', () => {
    const still = kindsOf(synthesize({ scanner: { isEnabled: false } }));
    expect(still.has('ScanStopped')).toBe(false);
    expect(kindsOf(template).has('ScanStopped')).toBe(true);
  });

  test('follow the sizes of the stage', () => {
    const large = synthesize({
      scanner: { concurrency: 200 },
      data: { dcdb: { maxAcu: 16 }, redis: { maxStorageGb: 20, maxEcpuPerSecond: 50_000 } },
      gateway: { seriesPerTask: 100_000 },
    });
    const thresholds = Object.fromEntries(alarmsOf(large).map((alarm) => [kindOf(alarm), alarm.Threshold]));
    expect(thresholds).toMatchObject({
      CollectNearLimit: 180,
      DcdbConnectionsHigh: 1_600,
      DcdbMemoryLow: 0.1 * 32 * 2 ** 30,
      RedisAlmostFull: 16e9,
      RedisBusy: 40_000,
      GatewaysCrowded: 120_000,
    });
  });

  test('leave stores alone that were there before', () => {
    const foreign = { ...workspace, isOurs: false };
    const settings = {
      data: {
        dcdb: {
          host: 'db.example',
          database: 'proxywatch',
          secretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:dcdb-AbCdEf',
        },
        redis: { address: 'redis.example:6379' },
        metrics: { workspaceId: workspace.id },
      },
    };
    const none = { dcdbClusterId: undefined, redisCacheName: undefined, kafkaClusterName: undefined };
    const small = synthesize(settings, { stores: { workspace: foreign }, ...none });
    expect([...kindsOf(small)].filter((kind) => /^(Dcdb|Redis|Samples|Rules|Alerts)/.test(kind))).toEqual([]);
    small.resourceCountIs('AWS::APS::RuleGroupsNamespace', 0);
    expect(JSON.stringify(small.findResources('AWS::SNS::TopicPolicy'))).not.toContain('aps.amazonaws.com');
  });
});

describe('the topic of alarms', () => {
  const statements = Object.values(template.findResources('AWS::SNS::TopicPolicy'))[0]?.Properties.PolicyDocument
    .Statement;

  test('is published to by alarms of this stage, by this workspace, and over TLS alone', () => {
    const allowed = statements.filter(({ Effect }: { Effect: string }) => Effect === 'Allow');
    expect(allowed.map(({ Principal }: { Principal: unknown }) => Principal)).toEqual([
      { Service: 'cloudwatch.amazonaws.com' },
      { Service: 'aps.amazonaws.com' },
    ]);
    expect(allowed[0].Condition.StringEquals).toEqual({ 'aws:SourceAccount': { Ref: 'AWS::AccountId' } });
    expect(JSON.stringify(allowed[0].Condition.ArnLike)).toContain(':alarm:proxywatch-dev-*');
    expect(allowed[1].Condition).toEqual({
      StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
      ArnEquals: { 'aws:SourceArn': WORKSPACE_ARN },
    });
    expect(statements).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
  });

  test('is encrypted with a key that both may use, and that is rotated', () => {
    template.hasResourceProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.anyValue() });
    template.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true });
    const policy = JSON.stringify(template.findResources('AWS::KMS::Key'));
    expect(policy).toContain('"Service":["aps.amazonaws.com","cloudwatch.amazonaws.com"]');
  });

  test('has a subscriber where the stage names one', () => {
    template.resourceCountIs('AWS::SNS::Subscription', 0);
    synthesize({ alarmEmail: 'dba@example.com' }).hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'dba@example.com',
    });
  });
});

test('the rules of the workspace are those of local runs', () => {
  template.hasResourceProperties('AWS::APS::RuleGroupsNamespace', {
    Workspace: WORKSPACE_ARN,
    Data: readFileSync('infra/prometheus/rules.yml', 'utf8'),
  });
});

test('the dashboard shows all alarms, and a row each for scanner, gateways, API, stores and money', () => {
  const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
  const body = JSON.stringify(dashboard?.Properties.DashboardBody);
  for (const title of ['Scanner', 'Gateways and Prometheus', 'API and changes of proxies', 'Stores', 'Money'])
    expect(body).toContain(`## ${title}: `);
  for (const [id] of Object.entries(template.findResources('AWS::CloudWatch::Alarm'))) expect(body).toContain(id);
});
