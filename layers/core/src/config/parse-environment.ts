import { z } from 'zod';
import { configError } from './config-error.ts';
import { freezeDeep } from './freeze-deep.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Parses the environment once into a frozen, complete value. `schema` is an object whose keys are the variables' names
 * and whose fields come from this folder (`port()`, `milliseconds()`, `redisUrl()`, …); add `relation(…)` with `.check`,
 * and `.transform` for a shape of your own. A variable set to nothing counts as not set.
 *
 * Throws one CONFIG_INVALID that names every problem: `GATEWAY_PORT: "abc" is no port, expected 1 to 65535`.
 */
export function parseEnvironment<T>(schema: z.ZodType<T>, env: Environment): T {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const result = schema.safeParse(given);
  if (result.success) return freezeDeep(result.data);
  throw configError(
    'the environment',
    result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`),
  );
}

/**
 * A rule between settings, as in `schema.check(relation(['LEASE_MS', 'HEARTBEAT_MS'], (env) => …, 'must be …'))`. It is
 * judged as soon as the settings it names are valid in themselves, so that its failure is reported together with the
 * problems of others; the report stands under the first name.
 */
export function relation<T extends object, K extends keyof T & string>(
  names: readonly [K, ...K[]],
  holds: (env: Pick<T, K>) => boolean,
  message: string,
) {
  return z.refine<T>((env) => holds(env), {
    path: [names[0]],
    message,
    when: ({ issues }) => !issues.some((issue) => names.some((name) => name === issue.path?.[0])),
  });
}
