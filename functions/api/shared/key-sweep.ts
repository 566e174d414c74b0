import { messageOf } from '@proxywatch/core/domain/errors';
import { sweepIdempotencyKeys } from '@proxywatch/core/drivers/dcdb/access/idempotency-keys';
import type { ApiDeps } from './api-deps.ts';

export interface KeySweepOptions {
  /** @default 600000 */
  readonly everyMs?: number;
  /** Rows of one sweep: somebody waits for it. @default 500 */
  readonly limit?: number;
  /** Monotonic. @default performance.now */
  readonly nowMs?: () => number;
}

/** Forgets keys whose day is over, some now and then: whoever uses keys cleans up after others. Never rejects. */
export function createKeySweep(options: KeySweepOptions = {}): (deps: Pick<ApiDeps, 'db' | 'log'>) => Promise<void> {
  const { everyMs = 600_000, limit = 500, nowMs = () => performance.now() } = options;
  let nextMs = nowMs() + everyMs;
  return async ({ db, log }) => {
    if (nowMs() < nextMs) return;
    nextMs = nowMs() + everyMs;
    try {
      const count = await sweepIdempotencyKeys(db, limit);
      // There are more.
      if (count === limit) nextMs = nowMs();
    } catch (error) {
      log.warn('idempotency keys were not swept', { problem: messageOf(error) });
    }
  };
}
