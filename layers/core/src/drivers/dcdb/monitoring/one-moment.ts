import type { Transaction } from 'kysely';
import { untilAborted } from '../../until-aborted.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';
import type { DcdbTables } from '../tables.ts';

/** A partition went while it was looked for: the next attempt finds the floor that was raised before. */
const TABLE_CHANGED = 'ER_TABLE_DEF_CHANGED';

/**
 * Reads that see one moment of the DCDB: what is summed up or dropped meanwhile is as it was. Rejects with
 * STORE_UNAVAILABLE or the signal's reason; a statement that runs then ends by itself, within its time limit.
 */
export function atOneMoment<T>(
  db: Dcdb,
  read: (tx: Transaction<DcdbTables>) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const attempt = () =>
    db
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute(async (tx) => {
        signal?.throwIfAborted();
        return await read(tx);
      });
  const reading = accessDcdb(async () => {
    try {
      return await attempt();
    } catch (error) {
      if (!isTableChanged(error)) throw error;
      return await attempt();
    }
  });
  return untilAborted(reading, signal);
}

function isTableChanged(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === TABLE_CHANGED;
}
