import { type SelectQueryBuilder, sql } from 'kysely';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';
import type { DcdbTables } from '../tables.ts';

/** In one sweep, so that none takes long; the next one is a minute later. */
const MOST_AT_ONCE = 200;

/**
 * Deletes pre-images that nobody may need any more, and operations and plans that ended `historyMs` ago. As long as an
 * operation goes on, or a proxy waits for somebody to decide, there may be a way back to go. Rejects with STORE_UNAVAILABLE.
 */
export function deleteExpired(db: Dcdb, historyMs: number, signal?: AbortSignal): Promise<void> {
  const longAgo = sql<Date>`timestampadd(microsecond, ${-historyMs * 1_000}, now(6))`;
  return accessDcdb(async () => {
    await db
      .deleteFrom('pre_images')
      .where('expires_at', '<', sql<Date>`now(6)`)
      .where('operation_id', 'not in', lockedBy(db))
      .execute({ signal });
    // With their groups and events.
    await db
      .deleteFrom('operations')
      .where('ended_at', '<', longAgo)
      .where('id', 'not in', lockedBy(db))
      .orderBy('ended_at')
      .limit(MOST_AT_ONCE)
      .execute({ signal });
    await db
      .deleteFrom('plans')
      .where('expires_at', '<', longAgo)
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom('operations').select('operations.id').whereRef('operations.plan_id', '=', 'plans.id'))),
      )
      .orderBy('expires_at')
      .limit(MOST_AT_ONCE)
      .execute({ signal });
  });
}

function lockedBy(db: Dcdb): SelectQueryBuilder<DcdbTables, 'proxy_locks', { operation_id: string }> {
  return db.selectFrom('proxy_locks').select('operation_id');
}
