import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Clients, openClients, outputOf } from './clients.ts';
import { leaveOf } from './leave.ts';
import { LAB_STAGE } from './stage-file.ts';

let clients: Clients;
beforeAll(() => {
  clients = openClients();
});
afterAll(() => clients?.close());

/** What AWS answers to an operation of the stage over stores that were there. */
const call = (service: string, operation: string, parameters = {}) => clients.aws.call(service, operation, parameters);
const nameOf = (name: string) => `proxywatch-${LAB_STAGE}-${name}`;
const readText = (path: string) => readFileSync(path, 'utf8');

describe('the schedules', () => {
  test('invoke dispatch each minute with the time that was meant, and have a queue for what fails', async () => {
    const schedule = await call('scheduler', 'get_schedule', { Name: nameOf('scanner'), GroupName: nameOf('scanner') });
    expect(schedule).toMatchObject({ ScheduleExpression: 'cron(* * * * ? *)', State: 'ENABLED' });
    const { Arn, Input, RoleArn, DeadLetterConfig, RetryPolicy } = schedule.Target;
    expect(Arn).toMatch(new RegExp(`:function:${nameOf('scanner-dispatch')}$`));
    expect(JSON.parse(Input)).toEqual({ scheduledTime: '<aws.scheduler.scheduled-time>' });
    expect(DeadLetterConfig.Arn).toMatch(new RegExp(`:${nameOf('tick-dead-letters')}$`));
    expect(RetryPolicy).toEqual({ MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 2 });
    const allowed = (await leaveOf(clients.aws, RoleArn)).filter(({ Action }) => Action === 'lambda:InvokeFunction');
    expect(allowed.flatMap(({ Resource = [] }) => Resource)).toEqual([Arn, `${Arn}:$LATEST`]);
  });

  test('have control look for operations that nobody works on', async () => {
    const { Target, State } = await call('scheduler', 'get_schedule', {
      Name: nameOf('sweep'),
      GroupName: nameOf('sweep'),
    });
    expect(State).toBe('ENABLED');
    expect(Target.Arn).toMatch(new RegExp(`:function:${nameOf('control-operate')}$`));
  });
});

describe('asynchronous invocations of collect', () => {
  test('are tried once, not after a minute, and their failures go to a queue', async () => {
    const config = await call('lambda', 'get_function_event_invoke_config', {
      FunctionName: nameOf('scanner-collect'),
    });
    expect(config).toMatchObject({
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
      DestinationConfig: { OnFailure: { Destination: expect.stringMatching(`:${nameOf('scan-dead-letters')}$`) } },
    });
  });

  test('are a hundred at once at most', async () => {
    const found = await call('lambda', 'get_function_concurrency', { FunctionName: nameOf('scanner-collect') });
    expect(Number(found.ReservedConcurrentExecutions)).toBe(100);
  });
});

describe('the functions', () => {
  test('run on Node 24 for arm64 in the VPC, over layers', async () => {
    const { Functions } = await call('lambda', 'list_functions');
    const ours: {
      FunctionName: string;
      Runtime: string;
      Architectures: string[];
      Layers?: unknown[];
      VpcConfig?: { SubnetIds: string[] };
    }[] = Functions.filter(({ FunctionName }: { FunctionName: string }) => FunctionName.startsWith(nameOf('')));
    const system = ours.filter(({ FunctionName }) => /-(api-|scanner-|control-|deploy$)/.test(FunctionName));
    expect(system).toHaveLength(11);
    for (const made of system) {
      expect(made).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
      expect(made.Layers?.length).toBeGreaterThan(0);
      expect(made.VpcConfig?.SubnetIds.length).toBeGreaterThanOrEqual(2);
    }
  });
});

describe('the dead-letter queues', () => {
  test('are encrypted, keep messages for two weeks and take nothing without TLS', async () => {
    for (const output of ['ScanDeadLettersUrl', 'TickDeadLettersUrl', 'OperateDeadLettersUrl']) {
      const QueueUrl = outputOf(clients.deployed.lab.outputs, output);
      const { Attributes } = await call('sqs', 'get_queue_attributes', { QueueUrl, AttributeNames: ['All'] });
      expect(Attributes).toMatchObject({ SqsManagedSseEnabled: 'true', MessageRetentionPeriod: '1209600' });
      expect(JSON.parse(Attributes.Policy).Statement).toContainEqual(
        expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      );
    }
  });
});

describe('the containers', () => {
  test('are not root, cannot write to their file system, and have two minutes to stop', async () => {
    const cluster = outputOf(clients.deployed.lab.outputs, 'ClusterName');
    const { serviceArns } = await call('ecs', 'list_services', { cluster });
    const { services } = await call('ecs', 'describe_services', { cluster, services: serviceArns });
    expect(services).toHaveLength(2);
    for (const service of services) {
      const { taskDefinition } = await call('ecs', 'describe_task_definition', {
        taskDefinition: service.taskDefinition,
      });
      expect(taskDefinition).toMatchObject({ networkMode: 'awsvpc', runtimePlatform: { cpuArchitecture: 'ARM64' } });
      for (const container of taskDefinition.containerDefinitions) {
        expect(container).toMatchObject({ readonlyRootFilesystem: true, essential: true });
        expect(container.logConfiguration.logDriver).toBe('awslogs');
        expect(container.user).not.toMatch(/^(root|0)?$/);
      }
    }
    const [gateway] = (await call('ecs', 'list_task_definitions', { familyPrefix: nameOf('gateway') }))
      .taskDefinitionArns;
    const { taskDefinition } = await call('ecs', 'describe_task_definition', { taskDefinition: gateway });
    expect(taskDefinition.containerDefinitions[0].stopTimeout).toBe(120);
  });

  test('come of images that were built for arm64 and pushed', () => {
    const calls = readText(join(clients.deployed.folder, 'docker.log')).split('\n');
    const builds = calls.filter((line) => line.startsWith('build '));
    expect(builds.filter((line) => /--platform linux\/arm64/.test(line))).toHaveLength(builds.length);
    expect(calls.filter((line) => line.startsWith('push ')).length).toBe(builds.length);
  });
});

describe('the workspace', () => {
  test('has the rules that a local run has', async () => {
    const workspaceId = outputOf(clients.deployed.lab.outputs, 'WorkspaceId');
    const { ruleGroupsNamespaces } = await call('amp', 'list_rule_groups_namespaces', { workspaceId });
    expect(ruleGroupsNamespaces).toHaveLength(1);
    const { name } = ruleGroupsNamespaces[0];
    const { ruleGroupsNamespace } = await call('amp', 'describe_rule_groups_namespace', { workspaceId, name });
    const deployed = Buffer.from(ruleGroupsNamespace.data, 'base64').toString();
    for (const [, alert] of readText('infra/prometheus/rules.yml').matchAll(/- alert: (\w+)/g)) {
      expect(deployed).toContain(`alert: ${alert}`);
    }
  });
});

describe('what is written down', () => {
  test('goes: every log group says after how many days', async () => {
    const { logGroups } = await call('logs', 'describe_log_groups');
    const names: { logGroupName: string; retentionInDays?: number }[] = logGroups.filter(
      ({ logGroupName }: { logGroupName: string }) => logGroupName.includes(`proxywatch-${LAB_STAGE}`),
    );
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter(({ retentionInDays }) => retentionInDays !== 5)).toEqual([]);
  });

  test('has no secret in it: templates name secrets and carry none', () => {
    const { lab, dev, prod, world } = clients.deployed;
    const password = new URL(world.dcdbUrl).password;
    for (const { assembly } of [lab, dev, prod]) {
      for (const file of readdirSync(assembly).filter((name) => name.endsWith('.template.json'))) {
        const text = readText(join(assembly, file));
        expect(text).not.toMatch(/"SecretString":"(?!\{\}")/);
        expect(text).not.toMatch(new RegExp(`:${password}@|"MasterUserPassword"`));
      }
    }
  });

  test('tells what the emulator has no API for: nothing else was only written down', () => {
    const kinds = readText(clients.deployed.recorded)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).type);
    expect([...new Set(kinds)].toSorted()).toEqual([
      'AWS::APS::Workspace',
      'AWS::ElastiCache::ServerlessCache',
      'AWS::S3::BucketPolicy',
      'Custom::ProxywatchDeploy',
    ]);
  });
});

describe('the roles', () => {
  test('have leave for actions that are named, none for all of a service', async () => {
    const { Roles } = await call('iam', 'list_roles', { MaxItems: 1000 });
    const ours: string[] = Roles.map(({ Arn }: { Arn: string }) => Arn).filter((arn: string) =>
      /role\/proxywatch-/.test(arn),
    );
    expect(ours.length).toBeGreaterThan(20);
    for (const role of ours) {
      const wild = (await leaveOf(clients.aws, role)).filter(
        ({ Effect, Action }) => Effect === 'Allow' && [Action].flat().some((action) => action.includes('*')),
      );
      expect([role, wild]).toEqual([role, []]);
    }
  });
});
