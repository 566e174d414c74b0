import { describe, expect, test } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { parseStageConfig, type StageInput, stageConfigOf } from '../../infra/aws/config.ts';
import { NetworkStack } from '../../infra/aws/stacks/network-stack.ts';
import { dev } from '../../infra/aws/stages/dev.ts';
import { checkedApp } from './support/checked-app.ts';
import { existing } from './support/existing-stage.ts';
import { rulesOf } from './support/security-rules.ts';

const templateOf = (input: StageInput) => {
  const app = checkedApp();
  const stack = new NetworkStack(app, 'network', { config: parseStageConfig(input, 'a test') });
  app.synth();
  return Template.fromStack(stack);
};
const devTemplate = templateOf(dev);
const jwt = {
  ...dev.api,
  auth: { kind: 'jwt', issuer: 'https://id.example', audience: 'proxywatch', jwksUrl: 'https://id.example/keys' },
  bootstrapAdmin: 'group:platform',
} as const;

const servicesOf = (template: Template) =>
  Object.values(template.findResources('AWS::EC2::VPCEndpoint'))
    .map(
      ({ Properties }) =>
        /[^.]+\.?(?:api|dkr)?$/.exec(JSON.stringify(Properties.ServiceName).replaceAll(/["\]}]/g, ''))?.[0],
    )
    .sort();

describe('a network of our own', () => {
  test.each(['dev', 'prod'])('passes the checks of cdk-nag in %s, all findings explained', (stage) => {
    const app = checkedApp();
    new NetworkStack(app, 'network', { config: stageConfigOf({ stage }) });
    expect(() => app.synth()).not.toThrow();
  });

  test('has private subnets in as many zones as the stage says, and no way to or from the internet', () => {
    devTemplate.resourceCountIs('AWS::EC2::Subnet', 2);
    templateOf({ ...dev, network: { ...dev.network, vpc: { zones: 3 } } }).resourceCountIs('AWS::EC2::Subnet', 3);
    devTemplate.allResourcesProperties('AWS::EC2::Subnet', { MapPublicIpOnLaunch: false });
    devTemplate.resourceCountIs('AWS::EC2::InternetGateway', 0);
    devTemplate.resourceCountIs('AWS::EC2::NatGateway', 0);
  });

  test('leaves the range of a subnet alone when a zone is added', () => {
    const rangesIn = (zones: number) =>
      Object.values(
        templateOf({ ...dev, network: { ...dev.network, vpc: { zones } }, api: jwt }).findResources('AWS::EC2::Subnet'),
      ).map(({ Properties }) => String(Properties.CidrBlock));
    expect(rangesIn(3)).toEqual(expect.arrayContaining(rangesIn(2)));
  });

  test('takes zones by name where the first ones lack a service', () => {
    const vpc = { availabilityZones: ['us-east-1b', 'us-east-1d'] };
    templateOf({ ...dev, network: { ...dev.network, vpc } }).hasResourceProperties('AWS::EC2::Subnet', {
      AvailabilityZone: 'us-east-1d',
    });
  });

  test.each<[string, StageInput['api'], readonly string[]]>([
    ['the keys of a JWT issuer', jwt, ['api']],
    [
      'a database configuration service outside',
      { ...dev.api, dbconfig: { url: 'https://db.example', cidrs: 'outside' } },
      ['api', 'control'],
    ],
  ])('has NAT gateways, one in each zone, for %s', (_, api, askers) => {
    const template = templateOf({ ...dev, api });
    template.resourceCountIs('AWS::EC2::NatGateway', 2);
    template.allResourcesProperties('AWS::EC2::Subnet', { MapPublicIpOnLaunch: false });
    expect(rulesOf(template).out.filter((rule) => rule.includes('0.0.0.0/0'))).toEqual(
      askers.map((asker) => `${asker} -> 0.0.0.0/0:443`),
    );
  });

  test('logs flows, for as long as the stage keeps logs', () => {
    devTemplate.hasResourceProperties('AWS::EC2::FlowLog', { TrafficType: 'ALL' });
    devTemplate.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
  });

  test('takes all rules out of the default security group', () => {
    for (const action of ['revokeSecurityGroupIngress', 'revokeSecurityGroupEgress'])
      devTemplate.hasResourceProperties('Custom::AWS', {
        Create: { 'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp(action)])] },
      });
  });

  test('what it looks up it looks up at an update too, since rules of security groups go on asking for it', () => {
    const template = JSON.stringify(devTemplate.toJSON());
    const lookUps = Object.entries(devTemplate.findResources('Custom::AWS')).filter(([id]) =>
      template.includes(`"Fn::GetAtt":["${id}"`),
    );
    expect(lookUps).toHaveLength(1);
    for (const [, { Properties }] of lookUps) expect(Properties.Update).toEqual(Properties.Create);
  });

  test('leads to other networks through what the stage names, from each subnet', () => {
    const routes = [
      { cidr: '10.9.0.0/16', via: 'pcx-00000001' },
      { cidr: '10.10.0.0/16', via: 'tgw-00000001' },
      { cidr: '10.11.0.0/16', via: 'tgw-00000001' },
    ];
    const template = templateOf({ ...dev, network: { ...dev.network, routes } });
    template.resourcePropertiesCountIs('AWS::EC2::Route', { VpcPeeringConnectionId: 'pcx-00000001' }, 2);
    template.resourcePropertiesCountIs('AWS::EC2::Route', { TransitGatewayId: 'tgw-00000001' }, 4);
    template.resourceCountIs('AWS::EC2::TransitGatewayAttachment', 1);
  });
});

describe('roles of services', () => {
  const rolesIn = (template: Template) =>
    Object.values(template.findResources('AWS::IAM::Policy')).flatMap(({ Properties }) =>
      Properties.PolicyDocument.Statement.filter(
        ({ Action }: { Action: unknown }) => Action === 'iam:CreateServiceLinkedRole',
      ).map(
        ({ Resource }: { Resource: unknown }) => /\/([\w.-]+)\/AWSServiceRoleFor/.exec(JSON.stringify(Resource))?.[1],
      ),
    );
  const forTasks = ['ecs.amazonaws.com', 'ecs.application-autoscaling.amazonaws.com'];

  test('are made before what needs them, since in a new account the first to need one comes too early', () => {
    const forStores = ['rds.amazonaws.com', 'elasticache.amazonaws.com', 'kafka.amazonaws.com'];
    expect(rolesIn(devTemplate).sort()).toEqual([...forTasks, ...forStores].sort());
  });

  test('are left alone where they are', () => {
    const calls = Object.values(devTemplate.findResources('Custom::AWS'))
      .map(({ Properties }) => JSON.stringify(Properties.Create))
      .filter((call) => call.includes('createServiceLinkedRole'));
    expect(calls).toHaveLength(5);
    for (const call of calls) expect(call).toMatch(/ignoreErrorCodesMatching[\\":]+InvalidInput/);
  });

  test('are none for stores that were there', () => {
    expect(rolesIn(templateOf(existing)).sort()).toEqual(forTasks);
  });
});

describe('endpoints of AWS services', () => {
  test('are there for what something of ours calls', () => {
    const called = [
      'aps',
      'aps-workspaces',
      'ecr.api',
      'ecr.dkr',
      'kms',
      'lambda',
      'logs',
      's3',
      'secretsmanager',
      'sqs',
    ];
    expect(servicesOf(devTemplate)).toEqual(called);
  });

  test('have one for a private API, which callers reach and no other service', () => {
    const template = templateOf({ ...dev, api: { endpoint: { type: 'private', callerCidrs: ['10.7.0.0/16'] } } });
    expect(servicesOf(template)).toContain('execute-api');
    const callers = ['10.7.0.0/16 -> execute-api:443'];
    expect(rulesOf(template).in).toEqual(expect.arrayContaining(callers));
    expect(rulesOf(template).in.filter((rule) => rule.endsWith('endpoints:443') && /^\d/.test(rule))).toEqual([]);
  });

  test('serve this account alone, and S3 serves answers to CloudFormation and images', () => {
    for (const { Properties } of Object.values(devTemplate.findResources('AWS::EC2::VPCEndpoint'))) {
      const [first] = Properties.PolicyDocument.Statement;
      if (Properties.VpcEndpointType === 'Gateway') expect(first.Action).toBe('s3:PutObject');
      else expect(first.Condition).toEqual({ StringEquals: { 'aws:PrincipalAccount': { Ref: 'AWS::AccountId' } } });
    }
  });
});

describe('security groups', () => {
  const { out, in: letIn } = rulesOf(devTemplate);
  const peersOf = (part: string) =>
    out.filter((rule) => rule.startsWith(`${part} -> `)).map((rule) => rule.split(' -> ')[1]);

  test('let each part reach what it works with, and nothing else', () => {
    const redis = ['redis:6379', 'redis:6380'];
    const proxies = '10.0.0.0/8:6032';
    expect(
      Object.fromEntries(
        ['api', 'control', 'dispatch', 'collect', 'deploy', 'gateway', 'prometheus'].map((part) => [
          part,
          peersOf(part),
        ]),
      ),
    ).toEqual({
      api: ['10.0.0.0/8:3306', proxies, '10.0.0.0/8:6033', 'dcdb:3306', 'endpoints:443', ...redis],
      control: [proxies, '10.0.0.0/8:6033', 'dcdb:3306', 'endpoints:443', ...redis],
      dispatch: ['dcdb:3306', 'endpoints:443', ...redis],
      collect: [proxies, 'dcdb:3306', 'endpoints:443', 'kafka:9098', ...redis],
      deploy: ['S3:443', 'dcdb:3306', 'endpoints:443', 'kafka:9098'],
      gateway: [proxies, 'S3:443', 'endpoints:443', 'gateway:9464', ...redis],
      prometheus: ['S3:443', 'endpoints:443', 'gateway:9464'],
    });
  });

  test('let nothing out of stores and endpoints', () => {
    expect(['dcdb', 'redis', 'kafka', 'endpoints'].flatMap(peersOf)).toEqual([]);
  });

  test('let in what is let out to them, and nobody by address', () => {
    const pairs = out.filter((rule) => !/-> (\d|S3)/.test(rule));
    expect(letIn).toEqual(pairs.toSorted());
  });
});

describe('a network that was there', () => {
  const template = templateOf(existing);

  test('stays as it is: no VPC, subnet, route or endpoint is made', () => {
    for (const type of ['VPC', 'Subnet', 'Route', 'VPCEndpoint', 'NatGateway'])
      template.resourceCountIs(`AWS::EC2::${type}`, 0);
  });

  test('has its endpoints reached by address, since their groups are not known', () => {
    expect(rulesOf(template).out).toContain('collect -> 10.1.0.0/16:443');
  });

  test('gets endpoints where it has none, through which others in it come too', () => {
    const vpc = { ...existing.network.vpc, createEndpoints: true };
    const made = templateOf({ ...existing, network: { ...existing.network, vpc } } as StageInput);
    expect(servicesOf(made)).toContain('secretsmanager');
    expect(rulesOf(made).in).toContain('10.1.0.0/16 -> endpoints:443');
  });

  test('has stores that were there reached at their ports, from those who use them', () => {
    const { out } = rulesOf(template);
    const to = (port: number) =>
      out.filter((rule) => rule.endsWith(`10.3.0.0/16:${port}`)).map((rule) => rule.split(' ')[0]);
    expect(to(3307)).toEqual(['api', 'collect', 'control', 'deploy', 'dispatch']);
    expect(to(7000)).toEqual(['api', 'collect', 'control', 'dispatch', 'gateway']);
    expect(to(9098)).toEqual(['collect', 'deploy']);
  });

  test.each<[string, object, string]>([
    [
      'no private subnet',
      { privateSubnetIds: [] },
      'network.vpc.privateSubnetIds: name a private subnet in each of two zones',
    ],
    [
      'a subnet too few',
      { availabilityZones: ['a', 'b', 'c'] },
      'network.vpc.privateSubnetIds: expected one private subnet for each',
    ],
    [
      'a route table too few',
      { privateRouteTableIds: ['rtb-00000001', 'rtb-00000002', 'rtb-00000003'] },
      'network.vpc.privateRouteTableIds: expected one',
    ],
  ])('with %s is refused by the name of the setting', (_, wrong, message) => {
    const network = { ...existing.network, vpc: { ...existing.network.vpc, ...wrong } };
    expect(() => parseStageConfig({ ...existing, network }, 'a test')).toThrow(message);
  });

  test('with routes is refused, since they are not ours to make', () => {
    const network = { ...existing.network, routes: [{ cidr: '10.9.0.0/16', via: 'pcx-00000001' }] };
    expect(() => parseStageConfig({ ...existing, network }, 'a test')).toThrow(
      'network.routes: an existing VPC has its routes',
    );
  });
});
