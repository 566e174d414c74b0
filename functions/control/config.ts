import { httpUrl, mysqlUrl, redisUrl } from '@proxywatch/core/config/address-fields';
import { credentialsFile } from '@proxywatch/core/config/credentials-file';
import { nonEmpty, secret } from '@proxywatch/core/config/fields';
import { jsonFile } from '@proxywatch/core/config/json-file-field';
import { type Environment, parseEnvironment } from '@proxywatch/core/config/parse-environment';
import { z } from 'zod';

const schema = z.object({
  DCDB_URL: mysqlUrl(),
  /** Where answers of the database configuration service are remembered. */
  REDIS_URL: redisUrl(),
  /** @default - servers of proxies are left as they are */
  DBCONFIG_URL: httpUrl().optional(),
  /** Bearer token for it. */
  DBCONFIG_TOKEN: secret().optional(),
  PROXY_CREDENTIALS_FILE: jsonFile(credentialsFile),
  /** Key that pre-images are sealed with. */
  SECRET_KMS_KEY_ID: nonEmpty(),
  /** HMAC key for digests of rows. */
  SECRET_KMS_MAC_KEY_ID: nonEmpty(),
  /** Name or ARN of this function: each group is an invocation of its own. */
  OPERATE_FUNCTION: nonEmpty(),
});

export type ControlConfig = z.infer<typeof schema>;

/** Throws one CONFIG_INVALID that names every problem. */
export function parseControlConfig(env: Environment): ControlConfig {
  return parseEnvironment(schema, env);
}
