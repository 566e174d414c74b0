import { errorCodeOf, messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';

/** The setting of the stage's configuration that a variable of this function comes from: people know these, not ours. */
const SETTINGS: Readonly<Record<string, string>> = {
  DCDB_URL: 'data.dcdb',
  DCDB_SECRET_ARN: 'data.dcdb.secretArn',
  REDIS_URL: 'data.redis.urlSecretArn',
  KAFKA_BROKERS: 'data.kafka.brokers',
  KAFKA_IAM: 'data.kafka.iam',
  KAFKA_TOPIC_PARTITIONS: 'data.kafka.partitions',
  KAFKA_TOPIC_RETENTION_MS: 'data.kafka.retentionDays',
  PROXY_CREDENTIALS_SECRETS: 'data.proxyCredentials',
  DBCONFIG_TOKEN: 'api.dbconfig.tokenSecretArn',
};

/** A variable that no setting is behind is called by its own name. */
export function settingOf(variable: string): string {
  return (Object.hasOwn(SETTINGS, variable) && SETTINGS[variable]) || variable;
}

/** The failure of a part of the work, told by the setting that has to do with it. */
export function named(setting: string, error: unknown): ProxywatchError {
  return new ProxywatchError(errorCodeOf(error) ?? 'INTERNAL', `${setting}: ${messageOf(error)}`, { cause: error });
}

/** Problems of the environment, line by line, with the setting in place of the variable. */
export function withSettings(problems: string): string {
  return problems.replace(/^( *)([A-Z][A-Z_]+)(?=: )/gm, (_, indent, variable) => `${indent}${settingOf(variable)}`);
}
