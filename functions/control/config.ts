import { httpUrl, redisUrl } from '@proxywatch/core/config/address-fields';
import { credentialSettings, oneCredentialSource } from '@proxywatch/core/config/credential-settings';
import { dcdbSettings, oneDcdbLogin } from '@proxywatch/core/config/dcdb-settings';
import { nonEmpty, secret } from '@proxywatch/core/config/fields';
import { type Environment, parseEnvironment } from '@proxywatch/core/config/parse-environment';
import { z } from 'zod';

const settings = z.object({
  ...dcdbSettings,
  /** Where the registry is published, and answers of the database configuration service are remembered. */
  REDIS_URL: redisUrl(),
  /** @default - servers of proxies are left as they are */
  DBCONFIG_URL: httpUrl().optional(),
  /** Bearer token for it. */
  DBCONFIG_TOKEN: secret().optional(),
  ...credentialSettings,
  /** Key that pre-images are sealed with. */
  SECRET_KMS_KEY_ID: nonEmpty(),
  /** HMAC key for digests of rows. */
  SECRET_KMS_MAC_KEY_ID: nonEmpty(),
  /** Name or ARN of this function: each group is an invocation of its own. */
  OPERATE_FUNCTION: nonEmpty(),
});

export type ControlConfig = z.infer<typeof settings>;

const schema = settings.check(...oneDcdbLogin, ...oneCredentialSource);

/** Throws one CONFIG_INVALID that names every problem. */
export function parseControlConfig(env: Environment): ControlConfig {
  return parseEnvironment(schema, env);
}
