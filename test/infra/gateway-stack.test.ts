import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { parseGatewayConfig } from '../../functions/gateway/config.ts';
import { parseStageConfig } from '../../infra/aws/config.ts';
import { dev } from '../../infra/aws/stages/dev.ts';
import { prod } from '../../infra/aws/stages/prod.ts';
import { REDIS_SECRET } from './support/existing-stage.ts';
import { WORKSPACE_ARN } from './support/fake-platform.ts';
import { gatewayStackOf, IMPORTED, leaveOf, madeWorkspace, taskOf } from './support/gateway-stack.ts';

const { template, networkTemplate, stack } = gatewayStackOf();
const GATEWAYS = { ServiceName: 'gateway' };
const AGENTS = { ServiceName: 'prometheus' };
const EACH = [GATEWAYS, AGENTS];
const NAMES = ['gateway', 'prometheus'];

type Reference = Readonly<Record<string, string>>;

function networkOf(service: object): { readonly Subnets: readonly Reference[]; readonly AssignPublicIp: string } {
  const found = Object.values(template.findResources('AWS::ECS::Service', { Properties: service }));
  return found[0]?.Properties.NetworkConfiguration.AwsvpcConfiguration;
}

/** Of subnets of the network's stack, none of which gives public addresses. */
function zonesOf(imported: readonly Reference[]): string[] {
  const outputs: Reference[] = Object.values(networkTemplate.toJSON().Outputs);
  const subnets = networkTemplate.findResources('AWS::EC2::Subnet', {
    Properties: { MapPublicIpOnLaunch: false },
  });
  return imported.map((reference) => {
    const name = JSON.stringify({ Name: reference['Fn::ImportValue'] });
    const output = outputs.find(({ Export }) => JSON.stringify(Export) === name);
    const [subnet] = Object.entries(subnets).filter(([id]) => JSON.stringify(output?.Value) === `{"Ref":"${id}"}`);
    return JSON.stringify(subnet?.[1].Properties.AvailabilityZone);
  });
}

describe('both services', () => {
  test.each(EACH)(
    'start successors of %j before they stop anything, and go back when these do not get well',
    (service) => {
      template.hasResourceProperties('AWS::ECS::Service', {
        ...service,
        DeploymentConfiguration: {
          MinimumHealthyPercent: 100,
          MaximumPercent: 200,
          DeploymentCircuitBreaker: { Enable: true, Rollback: true },
        },
      });
    },
  );

  test.each(EACH)('have tasks of %j in private subnets of two zones, and no public address', (service) => {
    const { Subnets, AssignPublicIp } = networkOf(service);
    expect(new Set(zonesOf(Subnets)).size).toBe(2);
    expect(zonesOf(Subnets)).not.toContain(undefined);
    expect(AssignPublicIp).toBe('DISABLED');
  });

  test.each(NAMES)('give a task of %s two minutes to stop', (name) => {
    expect(taskOf(template, name).container).toMatchObject({ StopTimeout: 120 });
  });

  test.each(NAMES)('have %s run without root, without capabilities and on files that it cannot change', (name) => {
    const { container, properties } = taskOf(template, name);
    expect(container).toMatchObject({
      User: expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/),
      ReadonlyRootFilesystem: true,
      LinuxParameters: { InitProcessEnabled: true, Capabilities: { Drop: ['ALL'] } },
    });
    expect(container).not.toHaveProperty('Privileged');
    expect(properties.RuntimePlatform.CpuArchitecture).toBe('ARM64');
  });

  test('keep logs as long as the stage says, and are not held up by them', () => {
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
    for (const name of NAMES)
      expect(taskOf(template, name).container).toMatchObject({
        LogConfiguration: { Options: { mode: 'non-blocking' } },
      });
  });

  test('stand behind no load balancer and make no security group or rule', () => {
    const types = Object.values(template.toJSON().Resources as object).map(({ Type }) => Type);
    expect(types.filter((type) => /LoadBalancing|SecurityGroup/.test(type))).toEqual([]);
  });

  test('are known to those who watch them', () => {
    expect(stack.services).toHaveLength(2);
    expect(stack.seriesMetric).toEqual({ namespace: 'Proxywatch/dev', metricName: 'GatewaySeries' });
  });
});

describe('a gateway', () => {
  test('gets settings that it understands', () => {
    const { environment } = taskOf(gatewayStackOf({ digestTopN: 50, historyMemoryMiB: 256 }).template, 'gateway');
    const config = parseGatewayConfig({
      ...environment,
      GATEWAY_ADVERTISE: '10.0.0.1:9464',
      REDIS_URL: 'rediss://redis.example:6379?cluster=true',
      PROXY_CREDENTIALS_SECRETS: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:stats-AbCdEf',
    });
    expect(config).toMatchObject({
      GATEWAY_HOST: '0.0.0.0',
      GATEWAY_PORT: 9464,
      DIGEST_TOP_N: 50,
      HISTORY_MEMORY_BYTES: 256 * 2 ** 20,
      SLOT_GRACE_SECONDS: 10,
    });
  });

  test('is told by nobody who it is: no two tasks may be the same', () => {
    const { environment } = taskOf(template, 'gateway');
    for (const name of ['GATEWAY_ID', 'GATEWAY_ADVERTISE', 'GATEWAY_RELEASE', 'GATEWAY_SLOTS'])
      expect(environment).not.toHaveProperty(name);
  });

  test('may read the credentials for statistics and use Redis, and nothing else', () => {
    expect(leaveOf(template, /GatewaysTaskDefinitionTaskRole/)).toEqual([
      'fake:redis arn:aws:fake:::redis',
      'fake:statsCredentials arn:aws:fake:::statsCredentials',
    ]);
  });

  test('has its image and its log from ECS, which may do no more', () => {
    expect(leaveOf(template, /GatewaysTaskDefinitionExecutionRole/)).toEqual([
      'ecr:BatchCheckLayerAvailability cdk-hnb659fds-container-assets',
      'ecr:BatchGetImage cdk-hnb659fds-container-assets',
      'ecr:GetAuthorizationToken *',
      'ecr:GetDownloadUrlForLayer cdk-hnb659fds-container-assets',
      'logs:CreateLogStream GatewaysTaskLogs',
      'logs:PutLogEvents GatewaysTaskLogs',
    ]);
  });

  test('is given a URL of Redis that is secret by ECS, and no leave to read it', () => {
    const secret = Secret.fromSecretCompleteArn(new Stack(), 'Redis', REDIS_SECRET);
    const given = gatewayStackOf({}, () => ({ redisUrlSecret: secret })).template;
    const { container, environment } = taskOf(given, 'gateway');
    expect(container.Secrets).toEqual([{ Name: 'REDIS_URL', ValueFrom: REDIS_SECRET }]);
    expect(environment).not.toHaveProperty('FAKE_REDIS');
    expect(leaveOf(given, /GatewaysTaskDefinitionTaskRole/)).not.toContain('fake:redis arn:aws:fake:::redis');
    const execution = leaveOf(given, /GatewaysTaskDefinitionExecutionRole/);
    expect(execution).toContain(`secretsmanager:GetSecretValue ${REDIS_SECRET}`);
    // With the key that it is encrypted with, which the store alone knows.
    expect(execution).toContain('fake:redis arn:aws:fake:::redis');
  });

  test('is asked by its own health command whether it is well', () => {
    expect(taskOf(template, 'gateway').container).toMatchObject({
      HealthCheck: { Command: ['CMD', 'node', 'health.js'] },
    });
  });

  test('has a name in the VPC with all others', () => {
    template.hasResourceProperties('AWS::ServiceDiscovery::PrivateDnsNamespace', { Name: 'proxywatch-dev.internal' });
    template.hasResourceProperties('AWS::ServiceDiscovery::Service', {
      Name: 'gateways',
      DnsConfig: { DnsRecords: [{ Type: 'A', TTL: 10 }], RoutingPolicy: 'MULTIVALUE' },
    });
  });

  test('is let in and out by the group of the network that is made for it', () => {
    for (const [service, part] of [
      [GATEWAYS, 'gateway'],
      [AGENTS, 'prometheus'],
    ] as const)
      template.hasResourceProperties('AWS::ECS::Service', {
        ...service,
        NetworkConfiguration: {
          AwsvpcConfiguration: {
            SecurityGroups: [{ 'Fn::ImportValue': Match.stringLikeRegexp(`SecurityGroups${part}`) }],
          },
        },
      });
  });
});

describe('the number of gateways', () => {
  test('is what its scaling says, which a deployment leaves alone', () => {
    template.hasResourceProperties('AWS::ECS::Service', { ...GATEWAYS, DesiredCount: Match.absent() });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', { MinCapacity: 2, MaxCapacity: 8 });
  });

  test('follows the series that gateways say they carry', () => {
    template.hasResourceProperties('AWS::Logs::MetricFilter', {
      FilterPattern: '{ $.message = "resident" }',
      MetricTransformations: [
        // A value that is made up for silent minutes would take gateways away.
        { ...toPascal(stack.seriesMetric), MetricValue: '$.series', DefaultValue: Match.absent() },
      ],
    });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        CustomizedMetricSpecification: {
          MetricName: 'GatewaySeries',
          Namespace: 'Proxywatch/dev',
          Statistic: 'Average',
        },
        TargetValue: 250_000,
      },
    });
  });

  test('falls slower than it rises', () => {
    const [policy] = Object.values(template.findResources('AWS::ApplicationAutoScaling::ScalingPolicy'));
    const { ScaleInCooldown, ScaleOutCooldown } = policy?.Properties.TargetTrackingScalingPolicyConfiguration ?? {};
    expect(ScaleInCooldown).toBeGreaterThanOrEqual(4 * ScaleOutCooldown);
  });
});

const toPascal = ({ namespace, metricName }: { readonly namespace: string; readonly metricName: string }) => ({
  MetricNamespace: namespace,
  MetricName: metricName,
});

describe('an agent', () => {
  test('is one of two', () => {
    template.hasResourceProperties('AWS::ECS::Service', { ...AGENTS, DesiredCount: 2 });
  });

  test('may write to the workspace, and nothing else', () => {
    expect(leaveOf(template, /AgentsTaskDefinitionTaskRole/)).toEqual([`aps:RemoteWrite ${WORKSPACE_ARN}`]);
  });

  test('writes to one folder, which ends with it', () => {
    const { container, properties } = taskOf(template, 'prometheus');
    expect(container).toMatchObject({ MountPoints: [{ ContainerPath: '/prometheus', SourceVolume: 'data' }] });
    expect(properties.Volumes).toEqual([{ Name: 'data' }]);
    expect(taskOf(template, 'gateway').container).not.toHaveProperty('MountPoints');
  });

  test('asks gateways where proxies are, and is told apart from the other one', () => {
    const { PROMETHEUS_CONFIG: config = '' } = taskOf(template, 'prometheus').environment;
    expect(config).toContain('"url":"http://gateways.proxywatch-dev.internal:9464/sd","refresh_interval":"15s"');
    expect(config).toContain('{"cluster":"proxywatch-dev","__replica__":"$PROMETHEUS_REPLICA"}');
  });

  test('sends to a workspace of another stack in its region, whatever that is', () => {
    const { environment } = taskOf(gatewayStackOf({}, madeWorkspace).template, 'prometheus');
    const [remote] = JSON.parse(environment.PROMETHEUS_CONFIG?.match(/^remote_write: (.*)$/m)?.[1] ?? '');
    expect(remote).toMatchObject({
      url: `https://aps-workspaces.eu-central-1.amazonaws.com/workspaces/${IMPORTED}/api/v1/remote_write`,
      sigv4: { region: 'eu-central-1' },
    });
  });

  test('gives no flag that its image gives already: Prometheus would refuse both', () => {
    const script = readFileSync(new URL('../../infra/prometheus/agent/start-agent.sh', import.meta.url), 'utf8');
    const { container } = taskOf(template, 'prometheus');
    const names = container.Command?.map((flag) => flag.split('=')[0] ?? '') ?? [];
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => script.includes(`${name}=`))).toEqual([]);
  });

  test('is as large as the series of the fleet ask for', () => {
    const memoryOf = (gateway: object) =>
      Number(taskOf(gatewayStackOf(gateway).template, 'prometheus').properties.Memory);
    expect(memoryOf({ prometheus: { series: 2_000_000 } })).toBeGreaterThanOrEqual(4 * memoryOf({}));
  });
});

describe('settings of gateways', () => {
  const parse = (gateway: object) => () => parseStageConfig({ ...dev, gateway }, 'a test');

  test('name a size that Fargate has', () => {
    expect(parse({ cpu: 1_024, memoryMiB: 1_024 })).toThrow(
      'gateway.memoryMiB: Fargate has no such task: with cpu 1024 it is one of 2048, 3072, 4096, 5120, 6144, 7168, 8192',
    );
    expect(parse({ cpu: 256, memoryMiB: 1_024 })).not.toThrow();
  });

  test('name no more series than one agent takes', () => {
    expect(parse({ prometheus: { series: 50_000_000 } })).toThrow('gateway.prometheus.series: more than one task');
  });

  test('of production have more room than those of development', () => {
    const memory = (stage: object) => parseStageConfig(stage, 'a test').gateway.memoryMiB;
    expect(memory(prod)).toBeGreaterThan(memory(dev));
  });
});
