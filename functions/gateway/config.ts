import { hostname } from 'node:os';
import { hostPort, redisUrl } from '@proxywatch/core/config/address-fields';
import { credentialSettings, oneCredentialSource } from '@proxywatch/core/config/credential-settings';
import { byteSize, integer, milliseconds, nonEmpty, port, seconds } from '@proxywatch/core/config/fields';
import { jsonFile } from '@proxywatch/core/config/json-file-field';
import { type Environment, parseEnvironment, relation } from '@proxywatch/core/config/parse-environment';
import { proxiesFile } from '@proxywatch/core/config/proxies-file';
import { z } from 'zod';

const DAY_S = 86_400;
export const DEFAULT_PORT = 9464;

const settings = z.object({
  /** Name of this gateway among all: another for each process that runs, the same in its next life. */
  GATEWAY_ID: nonEmpty().optional(),
  GATEWAY_PORT: port({ min: 0 }).default(DEFAULT_PORT),
  /** Address to listen on; a container sets 0.0.0.0. */
  GATEWAY_HOST: nonEmpty().default('127.0.0.1'),
  /** `host:port` under which Prometheus and other gateways reach this one. */
  GATEWAY_ADVERTISE: hostPort().optional(),
  /** What it runs: gateways of another release than those at work stand by as their successors. */
  GATEWAY_RELEASE: nonEmpty().optional(),
  REDIS_URL: redisUrl(),
  ...credentialSettings,
  /** Registry without the API; otherwise the one in Redis is used. */
  PROXIES_FILE: jsonFile(proxiesFile).optional(),
  DIGEST_TOP_N: integer({ min: 1, max: 1_000_000 }).default(100),
  COLLECT_SHARE_MS: milliseconds({ max: 60_000 }).default(2_000),
  /** Time budget of one collection. */
  COLLECT_BUDGET_MS: milliseconds({ min: 100, max: 600_000 }).default(30_000),
  CONNECT_TIMEOUT_MS: milliseconds({ min: 100, max: 60_000 }).default(5_000),
  /** A proxy that nobody scrapes is collected from this often. */
  COLLECT_IDLE_MS: milliseconds({ min: 100, max: 600_000 }).default(30_000),
  REGISTRY_POLL_MS: milliseconds({ min: 100, max: 600_000 }).default(2_000),
  /** How long a gateway owns a proxy without being heard; also how long others wait for one that fell silent. */
  GATEWAY_LEASE_MS: milliseconds({ min: 500, max: 300_000 }).default(15_000),
  /** How long the slot of a gateway that said good-bye keeps its proxies for a successor. */
  SLOT_GRACE_SECONDS: seconds({ max: 3_600 }).default(90),
  /** Gateways that own proxies at once; those beyond stand by. */
  GATEWAY_SLOTS: integer({ min: 1, max: 256 }).default(64),
  /** Memory for the histories of all proxies of this gateway; the process stays below it and 300 MB more. */
  HISTORY_MEMORY_BYTES: byteSize({ min: 1_000_000 }).default(512_000_000),
  /** Digest rows that were idle for longer stand in Redis only. */
  HISTORY_IDLE_SECONDS: seconds({ min: 1, max: 30 * DAY_S }).default(3_600),
  /** Digest rows that were idle for longer leave Redis too. */
  HISTORY_RETENTION_SECONDS: seconds({ min: 1, max: 3_650 * DAY_S }).default(7 * DAY_S),
});

export type GatewayConfig = z.infer<typeof schema>;

const WILDCARDS = ['0.0.0.0', '::'];

const checked = settings.check(
  ...oneCredentialSource,
  relation(
    ['HISTORY_IDLE_SECONDS', 'HISTORY_RETENTION_SECONDS'],
    ({ HISTORY_IDLE_SECONDS, HISTORY_RETENTION_SECONDS }) => HISTORY_IDLE_SECONDS < HISTORY_RETENTION_SECONDS,
    'rows leave memory before they leave Redis, so it must be shorter than HISTORY_RETENTION_SECONDS',
  ),
  relation(
    ['GATEWAY_ADVERTISE', 'GATEWAY_HOST'],
    ({ GATEWAY_ADVERTISE, GATEWAY_HOST }) => GATEWAY_ADVERTISE !== undefined || !WILDCARDS.includes(GATEWAY_HOST),
    'not set, but GATEWAY_HOST listens on all addresses, of which none is one to be reached at',
  ),
);

const schema = checked.transform((config) => ({
  ...config,
  GATEWAY_ID: config.GATEWAY_ID ?? idOf(config.GATEWAY_PORT),
}));

/** Where it listens: a container has a host name of its own, and processes on one host have ports of their own. */
function idOf(port: number): string {
  return port === 0 ? `${hostname()}:any-${process.pid}` : `${hostname()}:${port}`;
}

/** Throws one CONFIG_INVALID that names every problem. */
export function parseGatewayConfig(env: Environment): GatewayConfig {
  return parseEnvironment(schema, env);
}
