import { randomUUID } from 'node:crypto';
import type { CollectorName, SinkName } from '@proxywatch/core/domain/scan/collectors';
import { openCredentials } from '@proxywatch/core/drivers/credentials/open-credentials';
import { openDcdb } from '@proxywatch/core/drivers/dcdb/open-dcdb';
import { createDcdbSink } from '@proxywatch/core/drivers/dcdb/scan/dcdb-sink';
import { createRedisScanFailures } from '@proxywatch/core/drivers/dispatch/redis-scan-failures';
import { createKafkaSink } from '@proxywatch/core/drivers/kafka/kafka-sink';
import { createRedisLeaseStore } from '@proxywatch/core/drivers/lease/redis-lease-store';
import { createProxysqlDriver } from '@proxywatch/core/drivers/proxysql/driver';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import { createBatchedHistories } from '@proxywatch/core/drivers/scan/batched-histories';
import { createRedisScanReports } from '@proxywatch/core/drivers/scan/redis-scan-reports';
import { createRedisScanStore } from '@proxywatch/core/drivers/scan/redis-scan-store';
import { createRedisSink } from '@proxywatch/core/drivers/scan/redis-sink';
import { createAwsSecrets } from '@proxywatch/core/drivers/secrets/aws-secrets';
import type { Log } from '@proxywatch/core/ports/log';
import type { SecretSource } from '@proxywatch/core/ports/secret-source';
import type { Sink } from '@proxywatch/core/ports/sink';
import { SYSTEM_CLOCK } from '../../collection/clock.ts';
import { FullReadGate } from '../../collection/full-read-gate.ts';
import type { Collect } from './collect.ts';
import type { Collector } from './collect-context.ts';
import { keyLogsCollector } from './collectors/key-logs.ts';
import { slowSqlCollector } from './collectors/slow-sql.ts';
import { slowTransactionsCollector } from './collectors/slow-transactions.ts';
import { sqlErrorsCollector } from './collectors/sql-errors.ts';
import { createSqlStatsCollector } from './collectors/sql-stats.ts';
import { statusCollector } from './collectors/status.ts';
import { type CollectConfig, routesOf, settingsOf } from './config.ts';
import { createCollect } from './create-collect.ts';
import { watchedSettings } from './watched-settings.ts';

/** A proxy that is upgraded has another version, and is asked anew at once. */
const CAPABILITIES_REMEMBERED_MS = 600_000;

/** Collecting with the stores, sinks and proxies of a configuration. Connects when it is first used. */
export function openCollect(config: CollectConfig, log: Log, secrets: SecretSource = createAwsSecrets()): Collect {
  const redis = createRedis(config.REDIS_URL);
  // Outboxes and histories of large proxies take Redis a third of a second to read or write.
  const bulkRedis = createRedis(config.REDIS_URL, { commandTimeoutMs: 10_000 });
  const limits = { maxPendingBytes: config.SCAN_PENDING_BYTES };
  const collectors: readonly Collector[] = [
    statusCollector,
    createSqlStatsCollector({
      histories: createBatchedHistories(bulkRedis, limits),
      clock: SYSTEM_CLOCK,
      retentionS: config.HISTORY_RETENTION_SECONDS,
      gate: new FullReadGate(SYSTEM_CLOCK),
    }),
    sqlErrorsCollector,
    slowSqlCollector,
    slowTransactionsCollector,
    keyLogsCollector,
  ];
  const proxysql = createProxysqlDriver({ rememberMs: CAPABILITIES_REMEMBERED_MS });
  const sinks = sinksOf(config, redis, secrets, log);
  return createCollect({
    memberId: randomUUID(),
    leases: createRedisLeaseStore(redis, { scope: 'scan' }),
    store: createRedisScanStore(bulkRedis, limits),
    failures: createRedisScanFailures(redis),
    reports: createRedisScanReports(redis),
    sinks,
    credentials: openCredentials(config, secrets, log),
    drivers: new Map([[proxysql.kind, proxysql]]),
    collectors: new Map<CollectorName, Collector>(collectors.map((collector) => [collector.name, collector])),
    routes: routesOf(config),
    settingsOf: (proxy) => watchedSettings(settingsOf(config, proxy.namespace), proxy.monitoring),
    connectTimeoutMs: config.CONNECT_TIMEOUT_MS,
    maxPendingBytes: config.SCAN_PENDING_BYTES,
    proxiesAtOnce: config.SCAN_PROXIES_AT_ONCE,
    log,
    async close() {
      await Promise.all([...sinks.values()].map((sink) => sink.close()));
      await Promise.all([redis.close(), bulkRedis.close()]);
    },
  });
}

/** Sinks whose address is known; the configuration says that no route leads to another. */
function sinksOf(
  config: CollectConfig,
  redis: RedisClient,
  secrets: SecretSource,
  log: Log,
): ReadonlyMap<SinkName, Sink> {
  const { DCDB_URL, DCDB_CONNECTIONS: maxConnections, KAFKA_BROKERS, KAFKA_IAM, AWS_REGION } = config;
  const sinks = [createRedisSink(redis, { ttlMs: config.SCAN_STATUS_TTL_MS })];
  if (DCDB_URL !== undefined) sinks.push(createDcdbSink(openDcdb(config, secrets, { maxConnections }), { log }));
  if (KAFKA_BROKERS !== undefined) {
    const brokers = KAFKA_BROKERS.map(({ host, port }) =>
      host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    );
    const iam = KAFKA_IAM && AWS_REGION !== undefined && { iam: { region: AWS_REGION } };
    sinks.push(createKafkaSink({ brokers, ...iam, log }));
  }
  return new Map(sinks.map((sink) => [sink.name, sink]));
}
