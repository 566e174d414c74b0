import { type HostPort, hostPorts, httpUrl, mysqlUrl, redisUrl } from '@proxywatch/core/config/address-fields';
import { integer, milliseconds, nonEmpty, port, seconds } from '@proxywatch/core/config/fields';
import { type Environment, parseEnvironment, relation } from '@proxywatch/core/config/parse-environment';
import { z } from 'zod';
import { workloadSettings } from './traffic/config.ts';

export const LAB_PROXIES = 3;
/** Lab proxies stand ten ports apart: admin 16032, 16042, 16052, traffic one above each. */
const LAB_PORT_STRIDE = 10;
const HIGHEST_LAB_PORT = 65_535 - LAB_PORT_STRIDE * (LAB_PROXIES - 1) - 1;
const MAX_GATEWAYS = 8;
/** Longer than a gateway takes to start again; one that joined and is told to stop has no successor here. */
const SLOT_GRACE_SECONDS = 3;

const schema = z
  .object({
    LOCAL_DIR: nonEmpty().default('.local'),
    REDIS_PORT: port({ min: 0 }).default(16379),
    MARIADB_PORT: port({ min: 0 }).default(13306),
    PROMETHEUS_PORT: port({ min: 0 }).default(9090),
    /** Of the first gateway; the others have the next ones. */
    GATEWAY_PORT: port({ max: 65_535 - MAX_GATEWAYS + 1 }).default(9464),
    /** Gateways of the run, which share the proxies. */
    GATEWAYS: integer({ min: 1, max: MAX_GATEWAYS }).default(2),
    LAB_PORT: port({ max: HIGHEST_LAB_PORT }).default(16032),
    API_PORT: port().default(8080),
    DBCONFIG_PORT: port().default(8090),
    REDIS_URL: redisUrl().optional(),
    DCDB_URL: mysqlUrl().optional(),
    KAFKA_BROKERS: hostPorts().transform(addressList).optional(),
    SKYEYE_URL: httpUrl().optional(),
    DBCONFIG_URL: httpUrl().optional(),
    DIGEST_TOP_N: integer({ min: 1, max: 100_000 }).default(1_000),
    /** Shorter than in production: people wait for the start, and watch proxies move. */
    REGISTRY_POLL_MS: milliseconds({ min: 100, max: 600_000 }).default(1_000),
    GATEWAY_LEASE_MS: milliseconds().optional(),
    SLOT_GRACE_SECONDS: seconds().default(SLOT_GRACE_SECONDS),
    /** More often than in production: people wait for what the scanner finds. */
    SCAN_TICK_MS: milliseconds({ min: 1_000, max: 3_600_000 }).default(15_000),
    // Read by the traffic generator, which gets our environment: what is wrong with them is told before anything starts.
    ...workloadSettings,
  })
  .check(
    relation(
      ['LAB_PORT', 'GATEWAY_PORT', 'GATEWAYS'],
      ({ LAB_PORT, GATEWAY_PORT, GATEWAYS }) => {
        const taken = labAddresses(LAB_PORT).flatMap(({ adminPort, trafficPort }) => [adminPort, trafficPort]);
        return !gatewayAddresses(GATEWAY_PORT, GATEWAYS).some(({ port }) => taken.includes(port));
      },
      'the lab proxies would take GATEWAY_PORT',
    ),
  );

export type LocalConfig = z.infer<typeof schema>;

/** Settings of a local run. Throws CONFIG_INVALID with all problems at once. */
export function parseLocalConfig(env: Environment): LocalConfig {
  return parseEnvironment(schema, env);
}

export interface LabAddress {
  /** 1, 2, 3. */
  readonly number: number;
  readonly adminPort: number;
  readonly trafficPort: number;
}

export function labAddresses(labPort: number): readonly LabAddress[] {
  return Array.from({ length: LAB_PROXIES }, (_, i) => labAddress(labPort, i + 1));
}

export function labAddress(labPort: number, number: number): LabAddress {
  const adminPort = labPort + (number - 1) * LAB_PORT_STRIDE;
  return { number, adminPort, trafficPort: adminPort + 1 };
}

export interface GatewayAddress {
  /** `gateway-1`, `gateway-2`. */
  readonly id: string;
  readonly port: number;
  /** `host:port`. */
  readonly address: string;
}

export function gatewayAddresses(firstPort: number, count: number): readonly GatewayAddress[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `gateway-${i + 1}`,
    port: firstPort + i,
    address: `127.0.0.1:${firstPort + i}`,
  }));
}

/** What every gateway of one fleet must be told alike: for those that the run starts, and those that join it later. */
export function fleetSettings(config: LocalConfig): Readonly<Record<string, string>> {
  const { DIGEST_TOP_N, REGISTRY_POLL_MS, GATEWAY_LEASE_MS, SLOT_GRACE_SECONDS } = config;
  return {
    DIGEST_TOP_N: `${DIGEST_TOP_N}`,
    REGISTRY_POLL_MS: `${REGISTRY_POLL_MS}`,
    SLOT_GRACE_SECONDS: `${SLOT_GRACE_SECONDS}`,
    ...(GATEWAY_LEASE_MS === undefined ? {} : { GATEWAY_LEASE_MS: `${GATEWAY_LEASE_MS}` }),
  };
}

function addressList(addresses: readonly HostPort[]): string {
  return addresses.map(({ host, port }) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)).join(',');
}
