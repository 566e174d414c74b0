import type { ScanRuns } from '../../ports/scan-runs.ts';
import type { RedisClient } from '../redis/redis-client.ts';
import { LAST_RUN_KEY } from './scan-keys.ts';

/** The last run alone, as JSON: what became of the scanner, also while the DCDB is away. */
export function createRedisScanRuns(redis: RedisClient): ScanRuns {
  return {
    async record(run, signal) {
      await redis.call('SET', [LAST_RUN_KEY, JSON.stringify(run)], { signal });
    },
  };
}
