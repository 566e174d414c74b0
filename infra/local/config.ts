import { type HostPort, hostPorts, httpUrl, mysqlUrl, redisUrl } from '@proxywatch/core/config/address-fields';
import { integer, nonEmpty, port } from '@proxywatch/core/config/fields';
import { type Environment, parseEnvironment, relation } from '@proxywatch/core/config/parse-environment';
import { z } from 'zod';

const LAB_PROXIES = 3;
/** Lab proxies stand ten ports apart: admin 16032, 16042, 16052, traffic one above each. */
const LAB_PORT_STRIDE = 10;
const HIGHEST_LAB_PORT = 65_535 - LAB_PORT_STRIDE * (LAB_PROXIES - 1) - 1;

const schema = z
  .object({
    LOCAL_DIR: nonEmpty().default('.local'),
    REDIS_PORT: port({ min: 0 }).default(16379),
    MARIADB_PORT: port({ min: 0 }).default(13306),
    PROMETHEUS_PORT: port({ min: 0 }).default(9090),
    GATEWAY_PORT: port().default(9464),
    LAB_PORT: port({ max: HIGHEST_LAB_PORT }).default(16032),
    REDIS_URL: redisUrl().optional(),
    DCDB_URL: mysqlUrl().optional(),
    KAFKA_BROKERS: hostPorts().transform(addressList).optional(),
    SKYEYE_URL: httpUrl().optional(),
    DIGEST_TOP_N: integer({ min: 1, max: 100_000 }).default(1_000),
  })
  .check(
    relation(
      ['LAB_PORT', 'GATEWAY_PORT'],
      ({ LAB_PORT, GATEWAY_PORT }) => !labAddresses(LAB_PORT).some((lab) => Object.values(lab).includes(GATEWAY_PORT)),
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
  return Array.from({ length: LAB_PROXIES }, (_, i) => {
    const adminPort = labPort + i * LAB_PORT_STRIDE;
    return { number: i + 1, adminPort, trafficPort: adminPort + 1 };
  });
}

function addressList(addresses: readonly HostPort[]): string {
  return addresses.map(({ host, port }) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)).join(',');
}
