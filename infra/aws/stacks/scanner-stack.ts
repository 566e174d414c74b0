import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import { createDeadLetters } from '../constructs/dead-letters.ts';
import { MinuteSchedule } from '../constructs/minute-schedule.ts';
import { SystemFunctions } from '../constructs/system-functions.ts';
import type { PackedSystem } from '../packages/pack-system.ts';
import type { Network, ObservedFunction, ObservedScanner, Stores } from './contracts.ts';

export interface ScannerStackProps extends StackProps {
  readonly config: StageConfig;
  readonly packages: PackedSystem;
  readonly network: Network;
  readonly stores: Stores;
}

/** A tick that begins late still has its sending, its record and maintenance: see functions/scanner/dispatch. */
const DISPATCH_TIMEOUT = Duration.seconds(90);
/** A minute of sampling, and what is left to be delivered after it. */
const COLLECT_TIMEOUT = Duration.seconds(75);
/** The slowest pace that still sees each transaction twice; see SCAN_SAMPLE_MS in docs/scanner.md. */
const MAX_SAMPLE_MS = 2_000;

/**
 * The scanner: a schedule has `dispatch` look each minute what is due, and `dispatch` has `collect` invoked for it.
 *
 * Two queues hold what went wrong. `scan-dead-letters` has requests that could not be sent, or whose invocation failed or
 * came too late; each is in a form that `npm run scan -- --replay` reads. `tick-dead-letters` has minutes in which
 * `dispatch` could not be invoked; the next one made up for them. docs/runbooks.md says what to do with either.
 */
export class ScannerStack extends Stack implements ObservedScanner {
  readonly observed: readonly ObservedFunction[];
  readonly scheduleGroupName: string;
  readonly deadLetterQueueNames: readonly string[];

  constructor(scope: Construct, id: string, { config, packages, network, stores, ...props }: ScannerStackProps) {
    super(scope, id, props);
    const functions = new SystemFunctions(this, 'Functions', { config, packages, network });
    const scans = createDeadLetters(this, 'ScanDeadLetters', `proxywatch-${config.stage}-scan-dead-letters`);
    const ticks = createDeadLetters(this, 'TickDeadLetters', `proxywatch-${config.stage}-tick-dead-letters`);

    const collect = addCollect(functions, { config, network, stores });
    collect.configureAsyncInvoke({ ...SystemFunctions.oneTry, onFailure: new SqsDestination(scans) });

    const dispatch = addDispatch(functions, { config, network, stores, collect, scans });
    // A failed tick is not worth another try: by then the next one has taken up what was due.
    dispatch.configureAsyncInvoke(SystemFunctions.oneTry);
    collect.grantInvokeLatestVersion(dispatch);
    scans.grantSendMessages(dispatch);

    const schedule = new MinuteSchedule(this, 'EachMinute', {
      name: `proxywatch-${config.stage}-scanner`,
      description: 'A tick of the scanner',
      target: dispatch,
      isEnabled: config.scanner.isEnabled,
      deadLetters: ticks,
    });

    this.observed = functions.observed;
    this.scheduleGroupName = schedule.groupName;
    this.deadLetterQueueNames = [scans.queueName, ticks.queueName];
    new CfnOutput(this, 'DispatchFunction', { value: dispatch.functionName });
    new CfnOutput(this, 'CollectFunction', { value: collect.functionName });
    new CfnOutput(this, 'ScanDeadLettersUrl', { value: scans.queueUrl });
    new CfnOutput(this, 'TickDeadLettersUrl', { value: ticks.queueUrl });
  }
}

type Parts = Pick<ScannerStackProps, 'config' | 'network' | 'stores'>;

function addCollect(functions: SystemFunctions, { config: { scanner }, network, stores }: Parts): LambdaFunction {
  return functions.add({
    name: 'scanner-collect',
    description: 'Collects from the proxies of a request',
    securityGroup: network.securityGroups.collect,
    timeout: COLLECT_TIMEOUT,
    // A batch of proxies with large digest tables, and the processor that comes with it.
    memoryMiB: 1_024,
    reservedConcurrency: scanner.concurrency,
    access: [stores.redis, stores.dcdb, stores.kafkaProducer, stores.proxyCredentials('stats', 'admin')],
    environment: {
      // So many times the invocations at once: with one each, the DCDB has `concurrency` of them at most.
      DCDB_CONNECTIONS: '1',
      // All of a batch are sampled side by side.
      SCAN_PROXIES_AT_ONCE: String(scanner.batchSize),
      SLOW_SQL_MS: String(scanner.slowSqlMs),
      SLOW_TRANSACTION_MS: String(scanner.slowTransactionMs),
      SCAN_SAMPLE_MS: String(Math.min(MAX_SAMPLE_MS, scanner.slowTransactionMs)),
      SCAN_SHOW_LITERALS: String(scanner.showLiterals),
      SQL_STATS_TOP_N: String(scanner.sqlStatsTopN),
    },
  });
}

function addDispatch(
  functions: SystemFunctions,
  { config: { scanner }, network, stores, collect, scans }: Parts & { collect: LambdaFunction; scans: Queue },
): LambdaFunction {
  return functions.add({
    name: 'scanner-dispatch',
    description: 'Decides each minute what is collected from which proxy',
    securityGroup: network.securityGroups.dispatch,
    timeout: DISPATCH_TIMEOUT,
    access: [stores.redis, stores.dcdb],
    environment: {
      SCAN_COLLECT_FUNCTION: collect.functionName,
      SCAN_DEAD_LETTERS_URL: scans.queueUrl,
      SCAN_INTERVALS: JSON.stringify(scanner.intervalsMs),
      SCAN_SINGLES_UP_TO: String(scanner.singlesUpTo),
      SCAN_BATCH_SIZE: String(scanner.batchSize),
    },
  });
}
