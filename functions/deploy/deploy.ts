import type { Environment } from '@proxywatch/core/config/parse-environment';
import { resolveEnvironment } from '@proxywatch/core/config/resolve-environment';
import { errorCodeOf, messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { untilAborted } from '@proxywatch/core/drivers/until-aborted';
import type { Log } from '@proxywatch/core/ports/log';
import type { SecretSource } from '@proxywatch/core/ports/secret-source';
import { type DeployConfig, parseDeployConfig } from './config.ts';
import { named, settingOf, withSettings } from './settings.ts';
import { checkCredentials } from './steps/check-credentials.ts';
import { createTopics } from './steps/create-topics.ts';
import { type MigratePatience, migrateSchema } from './steps/migrate-schema.ts';

export interface DeployDeps {
  readonly env: Environment;
  readonly secrets: SecretSource;
  /** Of one connection, whose statements may take as long as a table takes to be rebuilt. */
  openDcdb(config: DeployConfig): Dcdb;
  readonly log: Log;
  readonly patience?: MigratePatience;
}

/**
 * Makes the stores of a stage ready for the code that comes with it: secrets have what is expected of them, the schema is up
 * to date, topics exist. All of it may run again, and at several places at once. Rejects with what is wrong, by the name of
 * the setting that has to do with it.
 */
export async function deploy(deps: DeployDeps, signal: AbortSignal): Promise<void> {
  const { secrets, log } = deps;
  const config = await configOf(deps, signal);
  await checkCredentials(secrets, config.PROXY_CREDENTIALS_SECRETS, signal);
  const applied = await untilAborted(migrate(deps, config, signal), signal);
  log.info('the schema is up to date', { applied: applied.join(' ') });
  const created = await createTopics(config, log, signal).catch((error: unknown) => {
    throw named('data.kafka', error);
  });
  log.info('the topics are there', { created: created.join(' ') });
}

async function configOf({ env, secrets }: DeployDeps, signal: AbortSignal): Promise<DeployConfig> {
  try {
    return parseDeployConfig(await resolveEnvironment(env, secrets, signal));
  } catch (error) {
    throw new ProxywatchError(errorCodeOf(error) ?? 'INTERNAL', withSettings(messageOf(error)), { cause: error });
  }
}

async function migrate(deps: DeployDeps, config: DeployConfig, signal: AbortSignal): Promise<readonly string[]> {
  const db = deps.openDcdb(config);
  try {
    return await migrateSchema(db, deps.log, signal, deps.patience);
  } catch (error) {
    const isDenied = config.DCDB_SECRET_ARN !== undefined && /access denied|secret/i.test(messageOf(error));
    throw named(settingOf(isDenied ? 'DCDB_SECRET_ARN' : 'DCDB_URL'), error);
  } finally {
    await db.destroy();
  }
}
