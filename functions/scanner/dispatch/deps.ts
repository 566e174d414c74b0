import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { fetchRetention } from '@proxywatch/core/drivers/dcdb/monitoring-settings/retention-repository';
import { openDcdb } from '@proxywatch/core/drivers/dcdb/open-dcdb';
import { maintainScanTables } from '@proxywatch/core/drivers/dcdb/scan/maintain-scan-tables';
import { recordScanRun } from '@proxywatch/core/drivers/dcdb/scan/scan-run-repository';
import { createRedisScanFailures } from '@proxywatch/core/drivers/dispatch/redis-scan-failures';
import { createRedisScanPauses } from '@proxywatch/core/drivers/dispatch/redis-scan-pauses';
import { createRedisScanRequests } from '@proxywatch/core/drivers/dispatch/redis-scan-requests';
import { createRedisScanRuns } from '@proxywatch/core/drivers/dispatch/redis-scan-runs';
import { createRedisTickClaims } from '@proxywatch/core/drivers/dispatch/redis-tick-claims';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import { createFileRegistry } from '@proxywatch/core/drivers/registry/file-registry';
import { createRedisRegistry } from '@proxywatch/core/drivers/registry/redis-registry';
import { createAwsSecrets } from '@proxywatch/core/drivers/secrets/aws-secrets';
import type { CollectInvoker, DeadLetters } from '@proxywatch/core/ports/collect-invoker';
import type { Log } from '@proxywatch/core/ports/log';
import type { ScanRuns } from '@proxywatch/core/ports/scan-runs';
import type { SecretSource } from '@proxywatch/core/ports/secret-source';
import { batchLimitsOf, type DispatchConfig, intervalsOf } from './config.ts';
import { type Dispatched, dispatch } from './dispatch.ts';
import { SYSTEM_DISPATCH_CLOCK } from './dispatch-clock.ts';

/** Where requests go: Lambda and a queue, or this very process and a file. */
export interface Outlets {
  readonly invoker: CollectInvoker;
  readonly deadLetters: DeadLetters;
}

export interface Dispatcher {
  /** One tick; see `dispatch`. */
  dispatch(tickMs: number, signal: AbortSignal): Promise<Dispatched>;
  /** Ends the connections to the stores. */
  close(): Promise<void>;
}

/** Maintenance rebuilds partitions and sums up hours; dispatch itself bounds how long it may take. */
const DCDB_LIMITS = { maxConnections: 2, queryTimeoutMs: 60_000 };

/** Dispatch with the stores of a configuration. Connects when it is first used. */
export function createDispatcher(
  config: DispatchConfig,
  { invoker, deadLetters }: Outlets,
  log: Log,
  secrets: SecretSource = createAwsSecrets(),
): Dispatcher {
  // Ten thousand proxies are a reply of some megabytes.
  const redis = createRedis(config.REDIS_URL, { commandTimeoutMs: 5_000 });
  const db = config.DCDB_URL === undefined ? undefined : openDcdb(config, secrets, DCDB_LIMITS);
  const deps = {
    registry: config.PROXIES_FILE === undefined ? createRedisRegistry(redis) : createFileRegistry(config.PROXIES_FILE),
    claims: createRedisTickClaims(redis),
    failures: createRedisScanFailures(redis),
    pauses: createRedisScanPauses(redis),
    requests: createRedisScanRequests(redis),
    invoker,
    deadLetters,
    runs: [createRedisScanRuns(redis), ...(db === undefined ? [] : [runsOf(db)])],
    ...(db === undefined ? {} : { maintain: maintenanceOf(db) }),
    clock: SYSTEM_DISPATCH_CLOCK,
    log,
    settings: {
      tickLengthMs: config.SCAN_TICK_MS,
      intervals: intervalsOf(config),
      parallel: config.SCAN_PARALLEL,
      batches: batchLimitsOf(config),
    },
  };
  return {
    dispatch: (tickMs, signal) => dispatch(deps, tickMs, signal),
    async close() {
      await Promise.all([redis.close(), db?.destroy()]);
    },
  };
}

function runsOf(db: Dcdb): ScanRuns {
  return { record: (run, signal) => recordScanRun(db, run, signal) };
}

function maintenanceOf(db: Dcdb) {
  return async (signal: AbortSignal) => {
    const retention = await fetchRetention(db, signal);
    return maintainScanTables(db, { nowMs: Date.now(), retention, signal });
  };
}
