import { kafkaBrokers, redisUrl } from '@proxywatch/core/config/address-fields';
import { dcdbSettings, oneDcdbLogin } from '@proxywatch/core/config/dcdb-settings';
import { flag, integer, milliseconds, nonEmpty, secret } from '@proxywatch/core/config/fields';
import { type Environment, parseEnvironment, relation } from '@proxywatch/core/config/parse-environment';
import { secretArns } from '@proxywatch/core/config/secret-arn';
import { z } from 'zod';

const DAY_MS = 86_400_000;

const schema = z
  .object({
    ...dcdbSettings,
    /** Only looked at: whether it is one. */
    REDIS_URL: redisUrl().optional(),
    /** Without them there are no topics. */
    KAFKA_BROKERS: kafkaBrokers().optional(),
    /** Logs in to MSK with the role of this process. */
    KAFKA_IAM: flag().default(false),
    /** Lambda sets it. */
    AWS_REGION: nonEmpty().optional(),
    /** Of topics that are created. */
    KAFKA_TOPIC_PARTITIONS: integer({ min: 1, max: 1_000 }).default(6),
    KAFKA_TOPIC_RETENTION_MS: milliseconds({ min: 60_000, max: 3_650 * DAY_MS }).default(7 * DAY_MS),
    /** The secret with credentials for collecting, then the one for changes. */
    PROXY_CREDENTIALS_SECRETS: secretArns(),
    /** Only looked at: whether it is there. */
    DBCONFIG_TOKEN: secret().optional(),
  })
  .check(
    ...oneDcdbLogin,
    relation(
      ['AWS_REGION', 'KAFKA_IAM'],
      (env) => env.AWS_REGION !== undefined || !env.KAFKA_IAM,
      'not set, but KAFKA_IAM needs it',
    ),
  );

export type DeployConfig = z.infer<typeof schema>;

/** Throws one CONFIG_INVALID that names every problem. */
export function parseDeployConfig(env: Environment): DeployConfig {
  return parseEnvironment(schema, env);
}
