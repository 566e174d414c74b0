import { openCredentials } from '@proxywatch/core/drivers/credentials/open-credentials';
import { absentDatabaseConfig } from '@proxywatch/core/drivers/dbconfig/absent-database-config';
import { createHttpDatabaseConfig } from '@proxywatch/core/drivers/dbconfig/http-database-config';
import { openDcdb } from '@proxywatch/core/drivers/dcdb/open-dcdb';
import { createRedisScanFailures } from '@proxywatch/core/drivers/dispatch/redis-scan-failures';
import { createRedisScanPauses } from '@proxywatch/core/drivers/dispatch/redis-scan-pauses';
import { createRedisScanRequests } from '@proxywatch/core/drivers/dispatch/redis-scan-requests';
import { createRedisFleetObserver } from '@proxywatch/core/drivers/membership/redis-fleet-observer';
import { createRedisMembershipStore } from '@proxywatch/core/drivers/membership/redis-membership-store';
import { createProxysqlControl } from '@proxywatch/core/drivers/proxysql/control/create-control';
import { createProxysqlDriver } from '@proxywatch/core/drivers/proxysql/driver';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import { createRedisRegistry } from '@proxywatch/core/drivers/registry/redis-registry';
import { createRedisScanReports } from '@proxywatch/core/drivers/scan/redis-scan-reports';
import { createAwsSecrets } from '@proxywatch/core/drivers/secrets/aws-secrets';
import { createPrometheusSkyeye } from '@proxywatch/core/drivers/skyeye/prometheus-skyeye';
import type { Log } from '@proxywatch/core/ports/log';
import type { OperationInvoker } from '@proxywatch/core/ports/operation-invoker';
import type { SecretBox } from '@proxywatch/core/ports/secret-box';
import type { SecretSource } from '@proxywatch/core/ports/secret-source';
import type { AlertRulePublisher } from '@proxywatch/core/ports/skyeye';
import { absentAlertRules, absentOperations, absentSkyeye } from './absent-services.ts';
import type { ApiDeps } from './api-deps.ts';
import { awaiting } from './awaited-services.ts';
import type { ApiConfig } from './config.ts';
import { lazily, loadedLater } from './lazily.ts';

/** Of a process that has many requests at a time; on Lambda there is one. */
const LOCAL_CONNECTIONS = 10;
/** A proxy that is upgraded has another version, and is asked anew at once. */
const CAPABILITIES_REMEMBERED_MS = 600_000;

export interface ApiParts {
  /** Where DCDB_SECRET_ARN and PROXY_CREDENTIALS_SECRETS are looked up. @default - Secrets Manager */
  readonly secrets?: SecretSource;
  /**
   * Has operations go on in this process, where no OPERATE_FUNCTION does. Given by whoever is no Lambda, so that functions are
   * without the code for it. @default - operations are refused
   */
  readonly operateHere?: (deps: ApiDeps) => OperationInvoker;
}

/** What the API works with. Parts are made when they are first needed, and connect when they are first used. */
export function createApiDeps(config: ApiConfig, log: Log, parts: ApiParts = {}): ApiDeps {
  const { REDIS_URL, SKYEYE_URL, SKYEYE_REGION, DBCONFIG_URL } = config;
  const { secrets = createAwsSecrets() } = parts;
  const defaultConnections = config.AWS_LAMBDA_FUNCTION_NAME === undefined ? LOCAL_CONNECTIONS : 1;
  const deps: ApiDeps = lazily<ApiDeps>({
    db: () => openDcdb(config, secrets, { maxConnections: config.DCDB_CONNECTIONS ?? defaultConnections }),
    redis: () => awaiting('redis', createRedis(REDIS_URL)),
    registry: () => createRedisRegistry(deps.redis),
    fleet: () => createRedisFleetObserver(deps.redis),
    membership: () => createRedisMembershipStore(deps.redis),
    pauses: () => createRedisScanPauses(deps.redis),
    scanFailures: () => createRedisScanFailures(deps.redis),
    scanReports: () => createRedisScanReports(deps.redis),
    scanRequests: () => createRedisScanRequests(deps.redis),
    credentials: () => openCredentials(config, secrets, log),
    drivers: () => byKind(createProxysqlDriver({ rememberMs: CAPABILITIES_REMEMBERED_MS })),
    controls: () => byKind(createProxysqlControl()),
    databases: () =>
      DBCONFIG_URL === undefined
        ? absentDatabaseConfig
        : awaiting(
            'dbconfig',
            createHttpDatabaseConfig({
              url: DBCONFIG_URL,
              redis: deps.redis,
              log,
              ...(config.DBCONFIG_TOKEN !== undefined && { token: config.DBCONFIG_TOKEN }),
            }),
          ),
    skyeye: () =>
      SKYEYE_URL === undefined
        ? absentSkyeye
        : awaiting(
            'skyeye',
            createPrometheusSkyeye({
              url: SKYEYE_URL,
              ...(SKYEYE_REGION !== undefined && { sigV4: { region: SKYEYE_REGION } }),
            }),
          ),
    alertRules: () => awaiting('skyeye', alertRulesOf(config)),
    operations: () => operationsOf(config, deps, parts),
    secrets: () => secretsOf(config),
    hasBootstrapAdmin: () => config.BOOTSTRAP_ADMIN !== undefined,
    log: () => log,
    nowMs: () => () => Date.now(),
  });
  return deps;
}

function alertRulesOf({
  ALERT_RULES_FILE: file,
  SKYEYE_RELOAD_URL: reloadUrl,
  AMP_WORKSPACE_ID: workspaceId,
}: ApiConfig) {
  if (workspaceId !== undefined) {
    return loadedLater<AlertRulePublisher>(async () => {
      const { createAmpRulePublisher } = await import('@proxywatch/core/drivers/skyeye/amp-rule-publisher');
      return createAmpRulePublisher({ workspaceId });
    });
  }
  if (file === undefined || reloadUrl === undefined) return absentAlertRules;
  return loadedLater<AlertRulePublisher>(async () => {
    const { createRuleFilePublisher } = await import('@proxywatch/core/drivers/skyeye/rule-file-publisher');
    return createRuleFilePublisher({ file, reloadUrl });
  });
}

function secretsOf({ SECRET_KEY_FILE: keyFile, SECRET_KMS_KEY_ID: keyId, SECRET_KMS_MAC_KEY_ID: macKeyId }: ApiConfig) {
  return loadedLater<SecretBox>(async () => {
    if (keyFile !== undefined) {
      const { createLocalSecretBox } = await import('@proxywatch/core/drivers/secrets/local-secret-box');
      return createLocalSecretBox({ keyFile });
    }
    const { createKmsSecretBox } = await import('@proxywatch/core/drivers/secrets/kms-secret-box');
    return awaiting('kms', createKmsSecretBox({ keyId: keyId ?? '', macKeyId: macKeyId ?? '' }));
  });
}

function operationsOf({ OPERATE_FUNCTION: functionName }: ApiConfig, deps: ApiDeps, { operateHere }: ApiParts) {
  if (functionName === undefined) return operateHere?.(deps) ?? absentOperations;
  return loadedLater<OperationInvoker>(async () => {
    const { createLambdaOperationInvoker } = await import('@proxywatch/core/drivers/lambda/lambda-operation-invoker');
    return awaiting('lambda', createLambdaOperationInvoker({ functionName }));
  });
}

function byKind<T extends { readonly kind: string }>(...parts: readonly T[]): ReadonlyMap<string, T> {
  return new Map(parts.map((part) => [part.kind, part]));
}
