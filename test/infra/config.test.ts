import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { parseStageConfig, stageConfigOf } from '../../infra/aws/config.ts';
import { STAGES } from '../../infra/aws/stages/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { existing } from './support/existing-stage.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:stats';
const WHOLE_ARN = 'expected the whole ARN of a secret in Secrets Manager, its six last characters included';

/** A stage with another value for one setting, which `data.dcdb.minAcu` names; undefined takes it out. */
function changed(stage: object, setting: string, value: unknown): unknown {
  const [name = '', ...inner] = setting.split('.');
  const part = (stage as Record<string, object>)[name] ?? {};
  const filled = inner.length === 0 ? value : changed(part, inner.join('.'), value);
  return Array.isArray(stage) ? stage.with(Number(name), filled) : { ...stage, [name]: filled };
}

/** What is wrong, a line for each setting. */
function problemsOf(input: unknown): readonly string[] {
  try {
    parseStageConfig(input, 'a test');
  } catch (error) {
    const [head, ...lines] = (error as Error).message.split('\n');
    expect(head).toBe('the configuration of a test is wrong:');
    return lines.map((line) => line.slice(2));
  }
  return [];
}

const problemsWith = (setting: string, value: unknown, stage: object = STAGES.dev as object) =>
  problemsOf(changed(stage, setting, value));

function fileWith(text: string): string {
  const file = join(temporaryFolder(), 'stage.json');
  writeFileSync(file, text);
  return file;
}

test.each([...Object.entries(STAGES), ['with everything there before', existing]])('stage %s is right', (_, stage) => {
  expect(problemsOf(stage)).toEqual([]);
});

describe('who names a stage that cannot be had is told so', () => {
  test.each(['qa', '', '__proto__', 'constructor'])('stage %j', (stage) => {
    expect(() => stageConfigOf({ stage })).toThrow(`stage ${JSON.stringify(stage)} is unknown, there is dev, prod`);
  });

  test('a file that is missing', () => {
    const stageFile = join(temporaryFolder(), 'eu.json');
    expect(() => stageConfigOf({ stageFile })).toThrow('stageFile cannot be read: ENOENT');
    expect(() => stageConfigOf({ stageFile })).toThrow(stageFile);
  });

  test('a file that is no JSON', () => {
    const stageFile = fileWith('{ stage: eu }');
    expect(() => stageConfigOf({ stageFile })).toThrow(`stageFile ${stageFile} is no JSON: `);
  });

  test('a file whose settings are wrong', () => {
    const stageFile = fileWith(JSON.stringify({ ...STAGES.dev, logDays: 6 }));
    expect(() => stageConfigOf({ stageFile })).toThrow(
      `the configuration of the file ${stageFile} is wrong:\n  logDays: `,
    );
  });

  test('a stage and a file', () => {
    const stageFile = fileWith(JSON.stringify(STAGES.dev));
    expect(() => stageConfigOf({ stage: 'dev', stageFile })).toThrow('stage and stageFile are both given');
    expect(stageConfigOf({ stageFile })).toEqual(stageConfigOf({ stage: 'dev' }));
  });

  test('neither is the stage dev', () => {
    expect(stageConfigOf({}).stage).toBe('dev');
  });
});

describe('what is wrong is told by its name', () => {
  test('all of it at once', () => {
    expect(problemsOf({})).toEqual([
      'stage: not set, expected a text',
      'keepsData: not set, expected true or false',
      'network: not set, expected settings in { }',
      'api: not set, expected settings in { }',
    ]);
  });

  test.each([[null], [[]], ['prod'], [7]])('%j in place of settings', (input) => {
    expect(problemsOf(input)).toEqual([expect.stringMatching(/^all of it: expected settings in \{ \}, not /)]);
  });

  test.each([
    ['stage', 'QA', 'expected lower-case letters and digits, 16 at most'],
    ['keepsData', 'yes', 'expected true or false, not a text'],
    ['alarmEmail', 'nobody', 'expected an e-mail address'],
    ['network.proxies.cidrs.0', 6032, 'expected an IPv4 range such as 10.0.0.0/16'],
    ['scanner.batchSize', '25', 'expected a number, not a text'],
    ['scanner.batchSize', 2.5, 'expected a whole number, not 2.5'],
    ['network.proxies.cidrs', [], 'name the ranges that proxies are in'],
    ['api.endpoint.type', 'public', 'expected one of regional, private'],
    ['api.auth.kind', 'basic', 'expected one of iam, jwt'],
    ['api.bootstrapAdmin', 'me', 'expected user:<sub or ARN> or group:<name>'],
    ['gateway.cpu', 300, 'expected one of 256, 512, 1024, 2048, 4096'],
  ])('%s = %j', (setting, value, message) => {
    expect(problemsWith(setting, value)).toEqual([`${setting}: ${message}`]);
  });

  test.each([
    ['network.vpc.zones', 2, 3],
    ['data.dcdb.backupDays', 1, 35],
    ['data.dcdb.readers', 0, 15],
    ['data.redis.maxEcpuPerSecond', 1_000, 15_000_000],
    ['data.kafka.partitions', 1, 100],
    ['data.metrics.retentionDays', 1, 1_095],
    ['api.throttle.burst', 1, 5_000],
    ['scanner.concurrency', 1, 1_000],
    ['scanner.batchSize', 1, 200],
    ['gateway.digestTopN', 1, 1_000_000],
    ['gateway.scrapeIntervalSeconds', 5, 300],
  ])('%s is from %d to %d', (setting, least, most) => {
    expect(problemsWith(setting, least)).toEqual([]);
    expect(problemsWith(setting, least - 1)).toEqual([`${setting}: expected ${least} at least`]);
    expect(problemsWith(setting, most + 1)).toEqual([`${setting}: expected ${most} at most`]);
  });

  test.each([
    ['', 'stagee', 'stage, keepsData, logDays, alarmEmail, network, data, api, scanner, gateway'],
    ['gateway', 'digestTop', 'tasks, cpu, memoryMiB'],
    ['scanner.intervalsMs', 'slowTransaction', 'status, sqlStats, sqlErrors, slowSql, slowTransactions, keyLogs'],
    ['api.endpoint', 'callerCidrs', 'type, allowedCidrs'],
  ])('a setting of %j that there is not: %s', (part, name, known) => {
    const [problem, ...others] = problemsWith([part, name].filter(Boolean).join('.'), 1);
    expect(problem).toContain(`${part || 'all of it'}: no such setting: ${name}; there is ${known}`);
    expect(others).toEqual([]);
  });
});

describe('of several forms, the one that is meant', () => {
  test.each([
    [
      'data.dcdb',
      { minACU: 2 },
      'no such setting: minACU; there is { minAcu, maxAcu, readers, backupDays }, or { host',
    ],
    [
      'data.redis',
      { adress: 'redis:6379' },
      'no such setting: adress; there is { maxStorageGb, maxEcpuPerSecond }, or { a',
    ],
    [
      'data.kafka',
      { broker: ['b-1:9098'] },
      'no such setting: broker; there is { partitions, retentionDays }, or { brok',
    ],
    ['data.kafka', 'None', 'expected { partitions, retentionDays }, or { brokers, iam, clusterArn }, or "none"'],
    [
      'data.metrics',
      { workspace: 'ws-1' },
      'no such setting: workspace; there is { retentionDays, seriesPerNamespace, ',
    ],
    [
      'network.vpc',
      { zone: 3 },
      'no such setting: zone; there is { cidr, zones, availabilityZones }, or { vpcId, cidr, ',
    ],
    [
      'network.vpc',
      'vpc-00000001',
      'expected { cidr, zones, availabilityZones }, or { vpcId, cidr, availabilityZones, ',
    ],
    ['api.dbconfig', { url: 'https://config.example', cidrs: 'outsied' }, 'expected a list in [ ], or "outside"'],
  ])('%s = %j', (setting, value, message) => {
    const problems = problemsWith(setting, value);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.startsWith(setting)).toBe(true);
    expect(problems[0]).toContain(`: ${message}`);
  });

  test.each([
    ['data.dcdb', { host: 'db.example' }, ['data.dcdb.database', 'data.dcdb.secretArn']],
    ['data.redis', { address: 'redis' }, ['data.redis.address']],
    ['data.redis', { urlSecretArn: SECRET }, ['data.redis.urlSecretArn']],
    ['data.kafka', { brokers: [] }, ['data.kafka.brokers']],
    ['data.kafka', { brokers: ['b-1:9098'], iam: true }, ['data.kafka.clusterArn']],
    ['data.kafka', { partitions: 1.5, retentionDays: 31 }, ['data.kafka.partitions', 'data.kafka.retentionDays']],
    ['data.metrics', { workspaceId: 'mine' }, ['data.metrics.workspaceId']],
    ['api.auth', { kind: 'jwt', issuer: 'https://i' }, ['api.auth.audience', 'api.auth.jwksUrl']],
    ['api.dbconfig', { url: 'http://config', cidrs: ['10.0.0.0'] }, ['api.dbconfig.cidrs.0']],
  ])('%s = %j', (setting, value, settings) => {
    expect(problemsWith(setting, value).map((problem) => problem.split(': ')[0])).toEqual(settings);
  });

  test('the forms that are right are taken', () => {
    expect(problemsWith('data.kafka', 'none')).toEqual([]);
    expect(problemsWith('data.redis', { address: 'redis.example:6379', tls: false })).toEqual([]);
    expect(problemsWith('api.dbconfig', { url: 'https://config.example', cidrs: 'outside' })).toEqual([]);
    expect(problemsWith('api.dbconfig', { url: 'https://config.example', cidrs: ['10.9.0.0/16'] })).toEqual([]);
  });
});

describe('an existing VPC', () => {
  const problems = (setting: string, value: unknown) => problemsWith(`network.${setting}`, value, existing);

  test.each([[undefined], [[]], [['subnet-00000001']]])('needs private subnets in two zones, not %j', (subnets) => {
    expect(problems('vpc.privateSubnetIds', subnets)).toEqual([
      'network.vpc.privateSubnetIds: name a private subnet in each of two zones at least',
    ]);
  });

  test('needs a route table for each of them', () => {
    expect(problems('vpc.privateRouteTableIds', ['rtb-00000001'])).toEqual([
      'network.vpc.privateRouteTableIds: name the route table of each private subnet',
    ]);
  });

  test.each([
    ['vpc.vpcId', 'vpc', 'expected an id such as vpc-0123456789abcdef0'],
    ['vpc.privateSubnetIds.1', 'mine', 'expected an id such as subnet-0123456789abcdef0'],
    ['vpc.privateSubnetIds', ['subnet-00000001', 'subnet-00000001'], 'the same subnet stands twice'],
    ['vpc.availabilityZones', ['eu-central-1a', 'eu-central-1a'], 'the same zone stands twice'],
    [
      'routes',
      [{ cidr: '10.9.0.0/16', via: 'pcx-00000001' }],
      'an existing VPC has its routes: set them in privateRoute',
    ],
  ])('%s = %j', (setting, value, message) => {
    expect(problems(setting, value)).toEqual([expect.stringContaining(`network.${setting}: ${message}`)]);
  });
});

describe('settings that do not go together', () => {
  test.each([
    ['data.dcdb', { minAcu: 8, maxAcu: 4 }, 'data.dcdb.minAcu: more than maxAcu'],
    ['gateway.tasks', { min: 4, max: 2 }, 'gateway.tasks.min: more than tasks.max'],
    [
      'gateway.memoryMiB',
      1_500,
      'gateway.memoryMiB: Fargate has no such task: with cpu 512 it is one of 1024, 2048, 30',
    ],
    ['gateway.historyMemoryMiB', 900, 'gateway.historyMemoryMiB: leave 300 MiB of memoryMiB to the process'],
    [
      'gateway.prometheus.series',
      5e7,
      'gateway.prometheus.series: more than one task of Fargate takes: scrape less of',
    ],
    ['network.vpc.cidr', '10.0.0.0/28', 'network.vpc.cidr: expected a range from /16 to /24'],
    ['network.vpc.cidr', '10.0.0.0', 'network.vpc.cidr: expected an IPv4 range such as 10.0.0.0/16'],
  ])('%s = %j', (setting, value, message) => {
    expect(problemsWith(setting, value)).toEqual([expect.stringContaining(message)]);
  });
});

describe('a secret', () => {
  test.each(['dcdb', 'stats', SECRET, 'arn:aws:iam::123456789012:role/stats'])('is no %s', (arn) => {
    const proxyCredentials = { statsSecretArn: arn, adminSecretArn: `${SECRET}-AbCdEf` };
    expect(problemsWith('data.proxyCredentials', proxyCredentials)).toEqual([
      `data.proxyCredentials.statsSecretArn: ${WHOLE_ARN}`,
    ]);
  });

  test('of proxies is never alone', () => {
    expect(problemsWith('data.proxyCredentials', { statsSecretArn: `${SECRET}-AbCdEf` })).toEqual([
      'data.proxyCredentials.adminSecretArn: not set, expected a text',
    ]);
  });
});

test('`npx cdk synth` says what is wrong, and not where in the code', async () => {
  // A folder of its own: a synthesis under way elsewhere holds cdk.out.
  const args = ['--no-install', 'cdk', 'synth', '-c', 'stage=qa', '-o', temporaryFolder(), '--no-notices'];
  const failed = promisify(execFile)('npx', args, { cwd: ROOT, timeout: 100_000 });
  const { code, stderr } = await failed.then(
    () => ({ code: 0, stderr: '' }),
    (error: { readonly code: number; readonly stderr: string }) => error,
  );
  expect(code).toBe(1);
  expect(stderr.split('\n')).toContain('stage "qa" is unknown, there is dev, prod');
  expect(stderr).not.toMatch(/^\s+at /m);
});
