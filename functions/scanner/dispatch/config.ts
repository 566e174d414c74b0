import { httpUrl, redisUrl } from '@proxywatch/core/config/address-fields';
import { dcdbSettings, oneDcdbLogin } from '@proxywatch/core/config/dcdb-settings';
import { integer, milliseconds, nonEmpty } from '@proxywatch/core/config/fields';
import { json } from '@proxywatch/core/config/json-field';
import { jsonFile } from '@proxywatch/core/config/json-file-field';
import { type Environment, parseEnvironment } from '@proxywatch/core/config/parse-environment';
import { proxiesFile } from '@proxywatch/core/config/proxies-file';
import { BATCH_LIMITS, type BatchLimits } from '@proxywatch/core/domain/scan/batching';
import { COLLECTORS } from '@proxywatch/core/domain/scan/collectors';
import type { ScanIntervals } from '@proxywatch/core/domain/scan/plan-tick';
import { z } from 'zod';

const WEEK_MS = 7 * 86_400_000;

const interval = z
  .number()
  .refine((ms) => Number.isInteger(ms) && ms >= 1_000 && ms <= WEEK_MS, { error: `expected 1000 to ${WEEK_MS}` });

/** What dispatch is told wherever it runs. */
export const dispatchSettings = {
  /** Distance of ticks; on AWS that of the schedule. */
  SCAN_TICK_MS: milliseconds({ min: 1_000, max: 3_600_000 }).default(60_000),
  /** How often a collector runs, milliseconds; one that is not named runs at every tick. */
  SCAN_INTERVALS: json(z.partialRecord(z.enum(COLLECTORS), interval), '{"<collector>":<milliseconds>}').default({}),
  /** Invocations under way at once. */
  SCAN_PARALLEL: integer({ min: 1, max: 500 }).default(50),
  /** Up to so many due proxies, each is an invocation of its own; where there are more, each invocation has a batch. */
  SCAN_SINGLES_UP_TO: integer({ min: 0, max: 1_000 }).default(BATCH_LIMITS.singlesUpTo),
  SCAN_BATCH_SIZE: integer({ min: 1, max: 200 }).default(BATCH_LIMITS.batchSize),
  REDIS_URL: redisUrl(),
  ...dcdbSettings,
  /** Without it runs are recorded in Redis alone, and nobody looks after the tables. */
  DCDB_URL: dcdbSettings.DCDB_URL.optional(),
  /** Registry without the API; otherwise the one in Redis is used. */
  PROXIES_FILE: jsonFile(proxiesFile).optional(),
};

const common = z.object(dispatchSettings);
export type DispatchConfig = z.infer<typeof common>;

const onLambda = common.extend({
  /** Name or ARN of the function that collects. */
  SCAN_COLLECT_FUNCTION: nonEmpty(),
  /** URL of the queue for requests that could not be sent. */
  SCAN_DEAD_LETTERS_URL: httpUrl(),
});
export type LambdaDispatchConfig = z.infer<typeof onLambda>;

/** Throws one CONFIG_INVALID that names every problem. */
export function parseLambdaDispatchConfig(env: Environment): LambdaDispatchConfig {
  return parseEnvironment(onLambda.check(...oneDcdbLogin), env);
}

export function batchLimitsOf(config: Pick<DispatchConfig, 'SCAN_SINGLES_UP_TO' | 'SCAN_BATCH_SIZE'>): BatchLimits {
  return { ...BATCH_LIMITS, singlesUpTo: config.SCAN_SINGLES_UP_TO, batchSize: config.SCAN_BATCH_SIZE };
}

export function intervalsOf({ SCAN_INTERVALS, SCAN_TICK_MS }: DispatchConfig): ScanIntervals {
  const all = COLLECTORS.map((name) => [name, SCAN_INTERVALS[name] ?? SCAN_TICK_MS] as const);
  return Object.fromEntries(all) as ScanIntervals;
}
