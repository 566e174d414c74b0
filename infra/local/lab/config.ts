import { hostPorts } from '@proxywatch/core/config/address-fields';
import { field } from '@proxywatch/core/config/field';
import { flag, integer, nonEmpty, port } from '@proxywatch/core/config/fields';
import { type Environment, parseEnvironment } from '@proxywatch/core/config/parse-environment';
import { checkJson } from '@proxywatch/core/config/parse-json';
import { z } from 'zod';
import { labBackends, labVariables } from './first-run.ts';

/** Settings of one lab proxy process. */
export interface LabConfig extends z.output<typeof schema> {}

const schema = z.object({
  LAB_ID: integer({ min: 1 }),
  LAB_HOST: nonEmpty().default('127.0.0.1'),
  LAB_ADMIN_PORT: port({ min: 0 }),
  LAB_TRAFFIC_PORT: port({ min: 0 }),
  LAB_DATA_DIR: nonEmpty(),
  LAB_PEERS: hostPorts().optional(),
  LAB_BACKENDS: json(
    '{"servers":[…],"users":[…],"rules":[…],"replicationHostgroups":[…],"variables":{…}}',
    labBackends,
  ).default({}),
  LAB_VARIABLES: json('{"mysql-…":"value"}', labVariables).default({}),
  LAB_PARENT_PIPE: flag().default(false),
});

/** Throws one CONFIG_INVALID that names every problem. */
export function parseLabConfig(env: Environment): LabConfig {
  return parseEnvironment(schema, env);
}

function json<T>(form: string, schemaOfValue: z.ZodType<T>) {
  return field<T>(form, (text) => {
    const result = checkJson(schemaOfValue, text);
    return 'problems' in result ? { problem: result.problems.join('; ') } : result;
  });
}
