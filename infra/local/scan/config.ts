import { nonEmpty } from '@proxywatch/core/config/fields';
import { type Environment, parseEnvironment } from '@proxywatch/core/config/parse-environment';
import { z } from 'zod';
import { dispatchSettings } from '../../../functions/scanner/dispatch/config.ts';

const scheduler = z.object({
  ...dispatchSettings,
  /** Requests that could not be run; `npm run scan -- --replay` takes it. */
  SCAN_DEAD_LETTERS_FILE: nonEmpty().default('.local/dead-letters.jsonl'),
});

/** Settings of the scheduler of a local run. Throws one CONFIG_INVALID that names every problem. */
export function parseSchedulerConfig(env: Environment): z.infer<typeof scheduler> {
  return parseEnvironment(scheduler, env);
}

const { REDIS_URL, PROXIES_FILE, SCAN_TICK_MS } = dispatchSettings;
const round = z.object({ REDIS_URL, PROXIES_FILE, SCAN_TICK_MS });

/** What a single round needs besides the settings of collecting. */
export function parseRoundConfig(env: Environment): z.infer<typeof round> {
  return parseEnvironment(round, env);
}
