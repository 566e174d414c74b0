import { hostPorts, redisUrl } from '@proxywatch/core/config/address-fields';
import { credentialSettings, oneCredentialSource } from '@proxywatch/core/config/credential-settings';
import { dcdbSettings, oneDcdbLogin } from '@proxywatch/core/config/dcdb-settings';
import { byteSize, flag, integer, milliseconds, nonEmpty, seconds } from '@proxywatch/core/config/fields';
import { json } from '@proxywatch/core/config/json-field';
import { type Environment, parseEnvironment, relation } from '@proxywatch/core/config/parse-environment';
import { COLLECTORS, DEFAULT_ROUTES, SINKS, type SinkName } from '@proxywatch/core/domain/scan/collectors';
import { z } from 'zod';
import type { CollectSettings } from './collect-context.ts';
import type { Routes } from './outbox.ts';

const DAY_S = 86_400;
const MAX_THRESHOLD_MS = 86_400_000;

const routes = z.partialRecord(z.enum(COLLECTORS), z.array(z.enum(SINKS)));
const threshold = z.int().min(1).max(MAX_THRESHOLD_MS);
const thresholds = z.record(
  z.string().min(1),
  z.strictObject({ slowSqlMs: threshold.optional(), slowTransactionMs: threshold.optional() }),
);

const settings = z.object({
  REDIS_URL: redisUrl(),
  ...dcdbSettings,
  /** Needed where a route leads there, as they do by default. */
  DCDB_URL: dcdbSettings.DCDB_URL.optional(),
  /** Of this process; there may be a thousand of them. */
  DCDB_CONNECTIONS: integer({ min: 1, max: 100 }).default(2),
  KAFKA_BROKERS: hostPorts().optional(),
  /** Logs in to MSK with the role of this process. */
  KAFKA_IAM: flag().default(false),
  /** Lambda sets it. */
  AWS_REGION: nonEmpty().optional(),
  ...credentialSettings,
  CONNECT_TIMEOUT_MS: milliseconds({ min: 100, max: 60_000 }).default(5_000),
  /** Where records of a collector go; `[]` nowhere, and those that are not named where they go by default. */
  SCAN_ROUTES: json(routes, '{"<collector>":["<sink>"]}').default({}),
  SLOW_SQL_MS: milliseconds({ min: 1, max: MAX_THRESHOLD_MS }).default(1_000),
  SLOW_TRANSACTION_MS: milliseconds({ min: 1, max: MAX_THRESHOLD_MS }).default(5_000),
  /** Other thresholds for some namespaces. */
  SCAN_THRESHOLDS: json(thresholds, '{"<namespace>":{"slowSqlMs":…,"slowTransactionMs":…}}').default({}),
  /** Whether statements and messages keep what users typed. */
  SCAN_SHOW_LITERALS: flag().default(false),
  SCAN_SAMPLE_MS: milliseconds({ min: 200, max: 60_000 }).default(2_000),
  SQL_STATS_TOP_N: integer({ min: 1, max: 10_000 }).default(200),
  /** Records of one collector, proxy and run. */
  SCAN_MAX_RECORDS: integer({ min: 10, max: 100_000 }).default(2_000),
  /** Compressed; what was read of one proxy and is not in all of its sinks. */
  SCAN_PENDING_BYTES: byteSize({ min: 100_000, max: 100_000_000 }).default(4 * 2 ** 20),
  SCAN_PROXIES_AT_ONCE: integer({ min: 1, max: 1_000 }).default(25),
  /** How long a status is shown when no newer one comes. */
  SCAN_STATUS_TTL_MS: milliseconds({ min: 1_000, max: 86_400_000 }).default(180_000),
  /** Digest rows that nobody touched for longer leave the scanner's history. */
  HISTORY_RETENTION_SECONDS: seconds({ min: 1, max: 3_650 * DAY_S }).default(7 * DAY_S),
});

export type CollectConfig = z.infer<typeof settings>;

const schema = settings.check(
  ...oneDcdbLogin,
  ...oneCredentialSource,
  relation(
    ['DCDB_URL', 'SCAN_ROUTES'],
    (env) => env.DCDB_URL !== undefined || !leadsTo('dcdb', env),
    'not set, but SCAN_ROUTES lead there',
  ),
  relation(
    ['KAFKA_BROKERS', 'SCAN_ROUTES'],
    (env) => env.KAFKA_BROKERS !== undefined || !leadsTo('kafka', env),
    'not set, but SCAN_ROUTES lead there',
  ),
  relation(
    ['SCAN_ROUTES'],
    ({ SCAN_ROUTES }) => !SCAN_ROUTES.status?.includes('dcdb'),
    'the DCDB has no table for status',
  ),
  relation(
    ['AWS_REGION', 'KAFKA_IAM'],
    (env) => env.AWS_REGION !== undefined || !env.KAFKA_IAM,
    'not set, but KAFKA_IAM needs it',
  ),
  relation(
    ['SCAN_SAMPLE_MS', 'SLOW_TRANSACTION_MS', 'SCAN_THRESHOLDS'],
    (env) => env.SCAN_SAMPLE_MS <= shortestTransactionMs(env),
    'a transaction of twice the threshold must not slip through, so it must not be longer than any threshold of transactions',
  ),
);

/** Throws one CONFIG_INVALID that names every problem. */
export function parseCollectConfig(env: Environment): CollectConfig {
  return parseEnvironment(schema, env);
}

export function routesOf({ SCAN_ROUTES }: Pick<CollectConfig, 'SCAN_ROUTES'>): Routes {
  const all = COLLECTORS.map((name) => [name, [...new Set(SCAN_ROUTES[name] ?? DEFAULT_ROUTES[name])]] as const);
  return Object.fromEntries(all) as Routes;
}

/** Settings of the proxies of a namespace. */
export function settingsOf(config: CollectConfig, namespace: string): CollectSettings {
  const own = Object.hasOwn(config.SCAN_THRESHOLDS, namespace) ? config.SCAN_THRESHOLDS[namespace] : undefined;
  return {
    slowSqlMs: own?.slowSqlMs ?? config.SLOW_SQL_MS,
    slowTransactionMs: own?.slowTransactionMs ?? config.SLOW_TRANSACTION_MS,
    showLiterals: config.SCAN_SHOW_LITERALS,
    sampleMs: config.SCAN_SAMPLE_MS,
    sqlStatsTopN: config.SQL_STATS_TOP_N,
    maxRecords: config.SCAN_MAX_RECORDS,
  };
}

function leadsTo(sink: SinkName, env: Pick<CollectConfig, 'SCAN_ROUTES'>): boolean {
  return Object.values(routesOf(env)).some((sinks) => sinks.includes(sink));
}

function shortestTransactionMs(env: Pick<CollectConfig, 'SLOW_TRANSACTION_MS' | 'SCAN_THRESHOLDS'>): number {
  const own = Object.values(env.SCAN_THRESHOLDS).map(({ slowTransactionMs }) => slowTransactionMs ?? Infinity);
  return Math.min(env.SLOW_TRANSACTION_MS, ...own);
}
