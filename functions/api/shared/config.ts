import { httpUrl, redisUrl } from '@proxywatch/core/config/address-fields';
import { credentialSettings, oneCredentialSource } from '@proxywatch/core/config/credential-settings';
import { dcdbSettings, oneDcdbLogin } from '@proxywatch/core/config/dcdb-settings';
import { field, quoted } from '@proxywatch/core/config/field';
import { choice, integer, nonEmpty, secret } from '@proxywatch/core/config/fields';
import { jsonFile } from '@proxywatch/core/config/json-file-field';
import { type Environment, parseEnvironment, relation } from '@proxywatch/core/config/parse-environment';
import { jwksDocument } from '@proxywatch/core/drivers/auth/jwks';
import { z } from 'zod';

/** Whom the deployment makes admin of everything. */
export interface Subject {
  readonly subjectKind: 'user' | 'group';
  readonly subject: string;
}

const settings = z.object({
  ...dcdbSettings,
  /** Of this process. @default - 1 on Lambda, where a process has one request at a time, 10 elsewhere */
  DCDB_CONNECTIONS: integer({ min: 1, max: 100 }).optional(),
  REDIS_URL: redisUrl(),
  SKYEYE_URL: httpUrl().optional(),
  /** Signs requests to Skyeye with SigV4. */
  SKYEYE_REGION: nonEmpty().optional(),
  DBCONFIG_URL: httpUrl().optional(),
  /** Bearer token for the database configuration service. */
  DBCONFIG_TOKEN: secret().optional(),
  ...credentialSettings,
  API_AUTH: choice('jwt', 'iam').default('jwt'),
  JWT_ISSUER: nonEmpty().optional(),
  JWT_AUDIENCE: nonEmpty().optional(),
  JWT_JWKS_URL: httpUrl().optional(),
  JWT_JWKS_FILE: jsonFile(jwksDocument).optional(),
  JWT_GROUPS_CLAIM: nonEmpty().default('groups'),
  BOOTSTRAP_ADMIN: subject().optional(),
  SECRET_KEY_FILE: nonEmpty().optional(),
  SECRET_KMS_KEY_ID: nonEmpty().optional(),
  /** HMAC key for fingerprints of passwords. */
  SECRET_KMS_MAC_KEY_ID: nonEmpty().optional(),
  ALERT_RULES_FILE: nonEmpty().optional(),
  SKYEYE_RELOAD_URL: httpUrl().optional(),
  AMP_WORKSPACE_ID: nonEmpty().optional(),
  /** Name or ARN of the function that changes proxies; without it this process does. */
  OPERATE_FUNCTION: nonEmpty().optional(),
  /** Lambda sets it. */
  AWS_LAMBDA_FUNCTION_NAME: nonEmpty().optional(),
});

export type ApiConfig = z.infer<typeof settings>;

const schema = settings.check(
  ...oneDcdbLogin,
  ...oneCredentialSource,
  needs('JWT_ISSUER', (env) => env.API_AUTH === 'jwt', 'not set, but API_AUTH is jwt'),
  needs('JWT_AUDIENCE', (env) => env.API_AUTH === 'jwt', 'not set, but API_AUTH is jwt'),
  relation(
    ['JWT_JWKS_URL', 'JWT_JWKS_FILE', 'API_AUTH'],
    (env) => env.API_AUTH !== 'jwt' || exactlyOne(env.JWT_JWKS_URL, env.JWT_JWKS_FILE),
    'API_AUTH is jwt: set either this or JWT_JWKS_FILE',
  ),
  relation(
    ['SECRET_KEY_FILE', 'SECRET_KMS_KEY_ID'],
    (env) => exactlyOne(env.SECRET_KEY_FILE, env.SECRET_KMS_KEY_ID),
    'set either this or SECRET_KMS_KEY_ID',
  ),
  relation(
    ['SECRET_KMS_MAC_KEY_ID', 'SECRET_KMS_KEY_ID'],
    (env) => env.SECRET_KMS_KEY_ID === undefined || env.SECRET_KMS_MAC_KEY_ID !== undefined,
    'not set, but SECRET_KMS_KEY_ID is',
  ),
  relation(
    ['ALERT_RULES_FILE', 'AMP_WORKSPACE_ID'],
    (env) => env.ALERT_RULES_FILE === undefined || env.AMP_WORKSPACE_ID === undefined,
    'rules go to one place: set either this or AMP_WORKSPACE_ID',
  ),
  relation(
    ['SKYEYE_RELOAD_URL', 'ALERT_RULES_FILE'],
    (env) => env.ALERT_RULES_FILE === undefined || env.SKYEYE_RELOAD_URL !== undefined,
    'not set, but ALERT_RULES_FILE is',
  ),
  relation(
    ['OPERATE_FUNCTION', 'AWS_LAMBDA_FUNCTION_NAME'],
    (env) => env.AWS_LAMBDA_FUNCTION_NAME === undefined || env.OPERATE_FUNCTION !== undefined,
    'not set, but on Lambda nothing goes on after an answer',
  ),
);

/** Throws one CONFIG_INVALID that names every problem. */
export function parseApiConfig(env: Environment): ApiConfig {
  return parseEnvironment(schema, env);
}

/** `user:<sub or ARN>` or `group:<name>`. */
function subject() {
  return field<Subject>('user:<sub> or group:<name>', (text) => {
    const [, kind, name] = /^(user|group):(\S.{0,254})$/.exec(text) ?? [];
    if ((kind !== 'user' && kind !== 'group') || name === undefined) return { problem: `${quoted(text)} is neither` };
    return { value: { subjectKind: kind, subject: name } };
  });
}

function needs(
  name: 'JWT_ISSUER' | 'JWT_AUDIENCE',
  isNeeded: (env: Pick<ApiConfig, 'API_AUTH'>) => boolean,
  message: string,
) {
  return relation<ApiConfig, typeof name | 'API_AUTH'>(
    [name, 'API_AUTH'],
    (env) => !isNeeded(env) || env[name] !== undefined,
    message,
  );
}

function exactlyOne(...values: readonly unknown[]): boolean {
  return values.filter((value) => value !== undefined).length === 1;
}
