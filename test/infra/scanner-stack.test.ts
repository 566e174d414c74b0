import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { parseCollectConfig } from '../../functions/scanner/collect/config.ts';
import { parseLambdaDispatchConfig } from '../../functions/scanner/dispatch/config.ts';
import { parseStageConfig } from '../../infra/aws/config.ts';
import { NetworkStack } from '../../infra/aws/stacks/network-stack.ts';
import { ScannerStack } from '../../infra/aws/stacks/scanner-stack.ts';
import { STAGES } from '../../infra/aws/stages/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { checkedApp } from './support/checked-app.ts';
import { fakePackages, fakeStores } from './support/fake-platform.ts';

const { dev } = STAGES;
const FOLDER = new URL('support', import.meta.url).pathname;

function synthesize(scanner: object = {}) {
  const app = checkedApp();
  const config = parseStageConfig({ ...dev, scanner }, 'a test');
  const stack = new ScannerStack(app, 'proxywatch-dev-scanner', {
    config,
    packages: fakePackages(FOLDER),
    network: new NetworkStack(app, 'proxywatch-dev-network', { config }),
    stores: fakeStores(),
  });
  // Throws where a rule of AWS Solutions is broken without a reason.
  return { stack, template: Template.fromStack(stack) };
}

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Effect: string;
}
/** What the role of a function, or another one, may do: `action resource`, with logical ids for names. */
function permissionsOf(template: Template, role: RegExp): readonly string[] {
  const policies = Object.values(template.findResources('AWS::IAM::Policy')).filter(({ Properties }) =>
    role.test(JSON.stringify(Properties.Roles)),
  );
  return policies
    .flatMap(({ Properties }): readonly Statement[] => Properties.PolicyDocument.Statement)
    .flatMap(({ Action, Resource }) =>
      [Action].flat().flatMap((action) => [Resource].flat().map((one) => `${action} ${nameOf(one)}`)),
    );
}

function nameOf(resource: unknown): string {
  const name = JSON.stringify(resource);
  const found = name.match(
    /(ScanDeadLetters|TickDeadLetters|scannerdispatch|scannercollect|arn:aws:fake:::[\w-]+|\$LATEST)/g,
  );
  return found?.join(' ') ?? name;
}

const variablesOf = (template: Template, name: string): Record<string, unknown> =>
  Object.values(template.findResources('AWS::Lambda::Function', { Properties: { FunctionName: name } }))[0]?.Properties
    .Environment.Variables;

describe('the scanner stack', () => {
  const { template, stack } = synthesize();

  test('dispatches at the beginning of each minute, told which minute it is', () => {
    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'cron(* * * * ? *)',
      State: 'ENABLED',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: Match.objectLike({ Input: '{"scheduledTime":"<aws.scheduler.scheduled-time>"}' }),
    });
  });

  test('tries a minute again for as long as it lasts, and keeps what could not be handed over', () => {
    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      Target: Match.objectLike({
        RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 60 },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^TickDeadLetters'), 'Arn'] } },
      }),
    });
  });

  test('is still when its stage says so, with everything else in place', () => {
    const { template: still } = synthesize({ isEnabled: false });
    still.hasResourceProperties('AWS::Scheduler::Schedule', { State: 'DISABLED' });
    still.resourceCountIs('AWS::Lambda::Function', 2);
  });

  test('lets its schedule invoke dispatch and nothing else', () => {
    expect(permissionsOf(template, /EachMinuteRole/).toSorted()).toEqual([
      'lambda:InvokeFunction scannerdispatch',
      'lambda:InvokeFunction scannerdispatch $LATEST',
      'sqs:GetQueueAttributes TickDeadLetters',
      'sqs:GetQueueUrl TickDeadLetters',
      'sqs:SendMessage TickDeadLetters',
    ]);
  });

  test('lets dispatch read and record, invoke collect, and bury what it could not send', () => {
    expect(permissionsOf(template, /scannerdispatch/).toSorted()).toEqual([
      'fake:dcdb arn:aws:fake:::dcdb',
      'fake:redis arn:aws:fake:::redis',
      'lambda:InvokeFunction scannercollect',
      'lambda:InvokeFunction scannercollect $LATEST',
      'sqs:GetQueueAttributes ScanDeadLetters',
      'sqs:GetQueueUrl ScanDeadLetters',
      'sqs:SendMessage ScanDeadLetters',
    ]);
  });

  test('lets collect use proxies and sinks, and invoke nobody', () => {
    expect(permissionsOf(template, /scannercollect/).toSorted()).toEqual([
      'fake:adminCredentialsAndstatsCredentials arn:aws:fake:::adminCredentialsAndstatsCredentials',
      'fake:dcdb arn:aws:fake:::dcdb',
      'fake:kafkaProducer arn:aws:fake:::kafkaProducer',
      'fake:redis arn:aws:fake:::redis',
      'sqs:GetQueueAttributes ScanDeadLetters',
      'sqs:GetQueueUrl ScanDeadLetters',
      'sqs:SendMessage ScanDeadLetters',
    ]);
  });

  test('bounds how many invocations of collect there are, and their connections', () => {
    const { template: small } = synthesize({ concurrency: 7 });
    small.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'proxywatch-dev-scanner-collect',
      ReservedConcurrentExecutions: 7,
      Timeout: 75,
    });
    expect(variablesOf(small, 'proxywatch-dev-scanner-collect')).toMatchObject({ DCDB_CONNECTIONS: '1' });
  });

  test('collects once or not at all, within a minute, and keeps what failed', () => {
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: Match.stringLikeRegexp('scannercollect') },
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::GetAtt': [Match.stringLikeRegexp('^ScanDeadLetters'), 'Arn'] } },
      },
    });
    template.allResourcesProperties('AWS::Lambda::EventInvokeConfig', { MaximumRetryAttempts: 0 });
  });

  test('keeps dead letters for 14 days, encrypted, and takes them over TLS alone', () => {
    template.resourceCountIs('AWS::SQS::Queue', 2);
    template.allResourcesProperties('AWS::SQS::Queue', {
      MessageRetentionPeriod: 1_209_600,
      SqsManagedSseEnabled: true,
    });
    template.allResourcesProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: Match.objectLike({
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      }),
    });
    expect(stack.deadLetterQueueNames).toEqual([
      'proxywatch-dev-scan-dead-letters',
      'proxywatch-dev-tick-dead-letters',
    ]);
  });

  test('tells dispatch what its stage decided, in words that dispatch understands', () => {
    const { template: tuned } = synthesize({ intervalsMs: { sqlStats: 300_000 }, singlesUpTo: 3, batchSize: 9 });
    const variables = variablesOf(tuned, 'proxywatch-dev-scanner-dispatch');
    const texts = Object.entries(variables).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : 'https://sqs.eu-central-1.amazonaws.com/123456789012/queue',
    ]);
    const config = parseLambdaDispatchConfig({ ...Object.fromEntries(texts), REDIS_URL: 'rediss://cache:6379' });
    expect(config).toMatchObject({ SCAN_INTERVALS: { sqlStats: 300_000 }, SCAN_SINGLES_UP_TO: 3, SCAN_BATCH_SIZE: 9 });
  });

  test('tells collect the same, and has it sample often enough for the shortest transaction that is slow', () => {
    const credentials = join(temporaryFolder(), 'credentials.json');
    writeFileSync(credentials, '{}');
    const { template: quick } = synthesize({ slowTransactionMs: 500, showLiterals: true });
    const config = parseCollectConfig({
      ...(variablesOf(quick, 'proxywatch-dev-scanner-collect') as Record<string, string>),
      REDIS_URL: 'rediss://cache:6379',
      DCDB_URL: 'mysql://user:password@dcdb:3306/proxywatch',
      KAFKA_BROKERS: 'kafka:9098',
      PROXY_CREDENTIALS_FILE: credentials,
    });
    expect(config).toMatchObject({
      DCDB_CONNECTIONS: 1,
      SLOW_TRANSACTION_MS: 500,
      SCAN_SAMPLE_MS: 500,
      SCAN_SHOW_LITERALS: true,
      SQL_STATS_TOP_N: 200,
    });
  });
});

test('a collector that does not exist is refused by name', () => {
  const input = { ...dev, scanner: { intervalsMs: { slowSQL: 60_000 } } };
  expect(() => parseStageConfig(input, 'a test')).toThrow(/scanner\.intervalsMs.*slowSQL/s);
});
