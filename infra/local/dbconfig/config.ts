import { mysqlUrl } from '@proxywatch/core/config/address-fields';
import { nonEmpty, port, secret } from '@proxywatch/core/config/fields';
import { type Environment, parseEnvironment } from '@proxywatch/core/config/parse-environment';
import { z } from 'zod';

/** Settings of the reference server. */
export interface DbconfigServerConfig extends z.output<typeof schema> {}

const schema = z.object({
  DBCONFIG_PORT: port({ min: 0 }).default(8090),
  DBCONFIG_HOST: nonEmpty().default('127.0.0.1'),
  /** The server that all instances of its clusters are. */
  LAB_BACKEND_URL: mysqlUrl(),
  /** Asked of everybody when set. */
  DBCONFIG_TOKEN: secret().optional(),
});

/** Throws one CONFIG_INVALID that names every problem. */
export function parseDbconfigServerConfig(env: Environment): DbconfigServerConfig {
  return parseEnvironment(schema, env);
}
