import type { StageConfig } from '../../config.ts';
import { DCDB_CAPACITY_PERCENT, redisBytes } from './limits.ts';
import { dcdbMetric, ecpuPerSecond, redisMetric } from './metrics.ts';
import { AGAIN_AND_AGAIN, type StageAlarms } from './stage-alarms.ts';

const GIB = 2 ** 30;
const BYTES_PER_ACU = 2 * GIB;

/**
 * Connections that Aurora MySQL allows by default, by the ACUs that a cluster may grow to.
 * Source: Amazon Aurora User Guide, "Maximum connections for Aurora Serverless v2".
 */
const MAX_CONNECTIONS: readonly (readonly [acu: number, connections: number])[] = [
  [192, 6_000],
  [128, 5_000],
  [64, 4_000],
  [32, 3_000],
  [16, 2_000],
  [8, 1_000],
  [4, 135],
  [1, 90],
];

/** Watches a DCDB of our own. */
export function watchDcdb(alarms: StageAlarms, cluster: string, { maxAcu }: { readonly maxAcu: number }): void {
  alarms.add({
    name: 'DcdbAtCapacity',
    severity: 'warning',
    says: 'The DCDB has used all the capacity it may have for a quarter of an hour, or tells nothing any more. Raise data.dcdb.maxAcu, or look which statement needs it.',
    metric: dcdbMetric(cluster, 'ACUUtilization', { statistic: 'Maximum' }),
    when: '>=',
    threshold: DCDB_CAPACITY_PERCENT,
    during: [15, 15],
    // Each instance tells once a minute; one that does not is gone.
    missing: 'breaching',
  });
  alarms.add({
    name: 'DcdbCpuHigh',
    severity: 'warning',
    says: 'Processors of the DCDB are busy although it may not grow any more. Performance Insights shows the statements.',
    metric: dcdbMetric(cluster, 'CPUUtilization', { statistic: 'Maximum' }),
    when: '>=',
    threshold: 90,
    during: [15, 15],
    missing: 'ignore',
  });
  alarms.add({
    name: 'DcdbMemoryLow',
    severity: 'critical',
    says: 'Of the memory that the DCDB may have, less than a tenth is left; when there is none it restarts. Raise data.dcdb.maxAcu.',
    metric: dcdbMetric(cluster, 'FreeableMemory', { statistic: 'Minimum' }),
    when: '<',
    threshold: 0.1 * maxAcu * BYTES_PER_ACU,
    during: [10, 15],
    missing: 'ignore',
  });
  alarms.add({
    name: 'DcdbConnectionsHigh',
    severity: 'warning',
    says: 'The DCDB has four fifths of the connections that it allows; beyond them everybody is refused. Lower scanner.concurrency, or raise data.dcdb.maxAcu.',
    metric: dcdbMetric(cluster, 'DatabaseConnections', { statistic: 'Maximum' }),
    when: '>=',
    threshold: Math.floor(0.8 * maxConnectionsOf(maxAcu)),
    during: [5, 10],
    missing: 'ignore',
  });
  alarms.add({
    name: 'DcdbDeadlocks',
    severity: 'warning',
    says: 'Transactions of the DCDB get into deadlocks, several a minute; each is tried again, which costs time. SHOW ENGINE INNODB STATUS names the latest.',
    metric: dcdbMetric(cluster, 'Deadlocks', { statistic: 'Average', minutes: 5 }),
    when: '>',
    // Per second: three a minute.
    threshold: 0.05,
    during: [3, 3],
    missing: 'notBreaching',
  });
  alarms.add({
    name: 'DcdbLoginsFailing',
    severity: 'critical',
    says: 'Log-ins to the DCDB are refused: the password in its secret is not the one that it has, most likely after a rotation that failed.',
    metric: dcdbMetric(cluster, 'LoginFailures', { statistic: 'Average', minutes: 5 }),
    when: '>',
    // Per second. A rotation costs a few, each process tries its old password once.
    threshold: 0.1,
    during: [2, 2],
    missing: 'notBreaching',
  });
}

function maxConnectionsOf(maxAcu: number): number {
  return MAX_CONNECTIONS.find(([acu]) => maxAcu >= acu)?.[1] ?? 45;
}

type OwnRedis = Extract<StageConfig['data']['redis'], { maxStorageGb: number }>;

/** Watches a Redis of our own. */
export function watchRedis(alarms: StageAlarms, cache: string, { maxStorageGb, maxEcpuPerSecond }: OwnRedis): void {
  alarms.add({
    name: 'RedisAlmostFull',
    severity: 'critical',
    says: 'Redis has four fifths of the data that it may have; full, it refuses writes, and gateways withhold statistics. Raise data.redis.maxStorageGb.',
    metric: redisMetric(cache, 'BytesUsedForCache', { statistic: 'Maximum', minutes: 5 }),
    when: '>=',
    threshold: redisBytes(maxStorageGb),
    during: [1, 1],
    missing: 'ignore',
  });
  alarms.add({
    name: 'RedisEvicting',
    severity: 'critical',
    says: 'Redis is full and throws away what has an end: states of proxies, leases, cached answers. Raise data.redis.maxStorageGb at once.',
    metric: redisMetric(cache, 'Evictions', { statistic: 'Sum', minutes: 5 }),
    when: '>=',
    threshold: 1,
    during: [1, 1],
    missing: 'notBreaching',
  });
  alarms.add({
    name: 'RedisThrottled',
    severity: 'critical',
    says: 'Redis refuses commands because they are more than it may take: leases are late and statistics are withheld. Raise data.redis.maxEcpuPerSecond.',
    metric: redisMetric(cache, 'ThrottledCmds', { statistic: 'Sum' }),
    ...AGAIN_AND_AGAIN,
  });
  alarms.add({
    name: 'RedisBusy',
    severity: 'warning',
    says: 'Redis uses four fifths of the processing units that it may; above them it throttles. Raise data.redis.maxEcpuPerSecond.',
    metric: ecpuPerSecond(cache),
    when: '>=',
    threshold: 0.8 * maxEcpuPerSecond,
    during: [10, 15],
    missing: 'notBreaching',
  });
}
