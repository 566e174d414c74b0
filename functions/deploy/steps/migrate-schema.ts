import { isProxywatchError, messageOf } from '@proxywatch/core/domain/errors';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { migrateDcdb } from '@proxywatch/core/drivers/dcdb/migrate-dcdb';
import type { Log } from '@proxywatch/core/ports/log';
import { pause } from '../../collection/pause.ts';

export interface MigratePatience {
  /** @default 6 */
  readonly attempts?: number;
  /** Before the second attempt; each further one waits twice as long. @default 1000 */
  readonly firstPauseMs?: number;
}

/**
 * Brings the schema of the DCDB up to date, and answers what was applied. A server that is only just there, and another
 * deployment that is at it, are waited for. Rejects with MIGRATION_FAILED, which names the migration, or STORE_UNAVAILABLE;
 * what was applied before stays, and the next deployment goes on from there.
 */
export async function migrateSchema(
  db: Dcdb,
  log: Log,
  signal: AbortSignal,
  { attempts = 6, firstPauseMs = 1_000 }: MigratePatience = {},
): Promise<readonly string[]> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await migrateDcdb(db);
    } catch (error) {
      if (!isProxywatchError(error) || !error.retryable || attempt >= attempts) throw error;
      log.warn('the schema was not migrated, trying again', { attempt, code: error.code, message: messageOf(error) });
      await pause(firstPauseMs * 2 ** (attempt - 1), signal);
    }
  }
}
