import { madeOnce } from '@proxywatch/core/config/made-once';
import { resolveEnvironment } from '@proxywatch/core/config/resolve-environment';
import { openCredentials } from '@proxywatch/core/drivers/credentials/open-credentials';
import { absentDatabaseConfig } from '@proxywatch/core/drivers/dbconfig/absent-database-config';
import { createHttpDatabaseConfig } from '@proxywatch/core/drivers/dbconfig/http-database-config';
import { openDcdb } from '@proxywatch/core/drivers/dcdb/open-dcdb';
import { createLambdaOperationInvoker } from '@proxywatch/core/drivers/lambda/lambda-operation-invoker';
import { createJsonLog } from '@proxywatch/core/drivers/log/json-log';
import { createProxysqlControl } from '@proxywatch/core/drivers/proxysql/control/create-control';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import { createRedisRegistry } from '@proxywatch/core/drivers/registry/redis-registry';
import { createAwsSecrets } from '@proxywatch/core/drivers/secrets/aws-secrets';
import { createKmsSecretBox } from '@proxywatch/core/drivers/secrets/kms-secret-box';
import type { DatabaseConfig } from '@proxywatch/core/ports/database-config';
import type { Log } from '@proxywatch/core/ports/log';
import { type ControlConfig, parseControlConfig } from './config.ts';
import type { ControlDeps } from './control-deps.ts';
import { operate } from './operate.ts';
import { parseOperateRequest } from './operate-request.ts';
import { sweepOperations } from './sweep-operations.ts';

/** Of the time that Lambda gives us: for noting how far a group came. */
const RESERVE_MS = 10_000;

interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

const secrets = createAwsSecrets();
const fetchDeps = madeOnce(createDeps);

/**
 * Goes on with an operation; an event of the schedule, or any other, looks for what nobody works on, see `sweepOperations`. Rejects when the DCDB
 * cannot be reached: Lambda then tries again, and after that the schedule does.
 */
export async function handler(event: unknown, context: LambdaContext): Promise<void> {
  // Kept for the next invocation of this process; a wrong configuration rejects each of them.
  const deps = await fetchDeps();
  const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - RESERVE_MS));
  const request = parseOperateRequest(event);
  if (request === undefined) await sweepOperations(deps, signal);
  else await operate(deps, request, signal);
}

async function createDeps(): Promise<ControlDeps> {
  const config = parseControlConfig(await resolveEnvironment(process.env, secrets));
  const log = createJsonLog((line) => process.stdout.write(line));
  const control = createProxysqlControl();
  const redis = createRedis(config.REDIS_URL);
  return {
    db: openDcdb(config, secrets, { maxConnections: 2 }),
    controls: new Map([[control.kind, control]]),
    credentials: openCredentials(config, secrets, log),
    databases: databasesOf(config, redis, log),
    secrets: createKmsSecretBox({ keyId: config.SECRET_KMS_KEY_ID, macKeyId: config.SECRET_KMS_MAC_KEY_ID }),
    operations: createLambdaOperationInvoker({ functionName: config.OPERATE_FUNCTION }),
    registry: createRedisRegistry(redis),
    log,
    nowMs: () => Date.now(),
  };
}

function databasesOf(
  { DBCONFIG_URL: url, DBCONFIG_TOKEN: token }: ControlConfig,
  redis: RedisClient,
  log: Log,
): DatabaseConfig {
  if (url === undefined) return absentDatabaseConfig;
  return createHttpDatabaseConfig({ url, redis, log, ...(token !== undefined && { token }) });
}
