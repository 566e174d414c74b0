import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CustomResource, Duration } from 'aws-cdk-lib';
import { Construct, type IDependable } from 'constructs';
import type { StageConfig } from '../config.ts';
import { ROOT } from '../packages/bundle.ts';
import type { Access, Network, Stores } from '../stacks/contracts.ts';
import { grantReadSecrets } from './secret-access.ts';
import type { SystemFunctions } from './system-functions.ts';

export interface DeployStepProps {
  readonly config: StageConfig;
  readonly functions: SystemFunctions;
  readonly network: Network;
  readonly stores: Stores;
  /** What has to be there first. */
  readonly after: readonly IDependable[];
}

const MIGRATIONS = 'layers/core/src/drivers/dcdb/migrations';
/** As long as Lambda lets a function run: a migration may rebuild a table. */
const TIMEOUT = Duration.minutes(15);
const DAY_MS = 86_400_000;

/**
 * Runs while the stack is deployed: looks whether secrets are in order, migrates the DCDB and creates Kafka topics. Stacks with
 * other code depend on this one, so no new code runs on an old schema; when it fails, the deployment stops with its reason.
 */
export class DeployStep extends Construct {
  constructor(scope: Construct, id: string, { config, functions, network, stores, after }: DeployStepProps) {
    super(scope, id);
    const access = [
      stores.dcdb,
      stores.kafkaAdmin,
      stores.proxyCredentials('stats', 'admin'),
      ...('urlSecretArn' in config.data.redis ? [stores.redis] : []),
      ...dbconfigToken(config),
    ];
    const environment = topicSettings(config.data.kafka);
    const deploy = functions.add({
      name: 'deploy',
      description: 'Migrates the DCDB, creates topics and looks at secrets during a deployment',
      securityGroup: network.securityGroups.deploy,
      timeout: TIMEOUT,
      access,
      environment,
    });
    const step = new CustomResource(this, 'Step', {
      resourceType: 'Custom::ProxywatchDeploy',
      serviceToken: deploy.functionArn,
      serviceTimeout: TIMEOUT.plus(Duration.minutes(1)),
      // It runs again when one of these changes.
      properties: {
        migrations: hashOfMigrations(),
        settings: Object.assign({}, ...access.map((one) => one.environment), environment),
      },
    });
    // The function with its role and its leave, too.
    step.node.addDependency(deploy, ...after);
  }
}

function topicSettings(kafka: StageConfig['data']['kafka']): Record<string, string> {
  if (kafka === 'none' || 'brokers' in kafka) return {};
  return {
    KAFKA_TOPIC_PARTITIONS: String(kafka.partitions),
    KAFKA_TOPIC_RETENTION_MS: String(kafka.retentionDays * DAY_MS),
  };
}

/** Only to look whether it is there. */
function dbconfigToken({ api, data }: StageConfig): readonly Access[] {
  const secretArn = api.dbconfig?.tokenSecretArn;
  if (secretArn === undefined) return [];
  return [
    {
      environment: { DBCONFIG_TOKEN: `secretsmanager:${secretArn}` },
      grantTo: (grantee) => grantReadSecrets(grantee, [{ secretArn, keyArns: data.secretKeyArns }]),
    },
  ];
}

function hashOfMigrations(): string {
  const hash = createHash('sha256');
  const folder = join(ROOT, MIGRATIONS);
  for (const file of globSync('*.ts', { cwd: folder }).sort())
    hash.update(file).update(readFileSync(join(folder, file)));
  return hash.digest('hex');
}
