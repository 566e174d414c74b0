import { sql } from 'kysely';
import type { GroupState } from '../../../domain/control/operation.ts';
import type { GroupChange, GroupHold } from '../../../ports/operation-store.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { replaceManagedRows } from './managed-rows.ts';
import { cut, insertEvents } from './operation-events.ts';

/** As the port's `saveGroup`, in a transaction. */
export async function saveGroup(tx: Dcdb, hold: GroupHold, from: GroupState, change: GroupChange): Promise<boolean> {
  const { operationId, groupId, owner } = hold;
  const { state, step, pending, problem, events = [], preImages = [], managed = [], checksums = [] } = change;
  await tx.updateTable('operations').set({ revision: sql`revision + 1` }).where('id', '=', operationId).execute();
  const { numUpdatedRows } = await tx
    .updateTable('operation_groups')
    .set({
      updated_at: sql`current_timestamp(6)`,
      // A step that is done, or another direction, is progress: only deaths over one and the same step count.
      ...((step !== undefined || state !== undefined) && { attempts: 1 }),
      ...(state !== undefined && { state }),
      ...(step !== undefined && { step }),
      ...(pending !== undefined && { pending: JSON.stringify(pending) }),
      ...(problem !== undefined && { problem: cut(problem) }),
    })
    .where('operation_id', '=', operationId)
    .where('group_id', '=', groupId)
    .where('lease_owner', '=', owner)
    .where('state', '=', from)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  await insertEvents(tx, operationId, events);
  for (const { proxyId, sealed, ttlMs } of preImages) {
    const expires = sql<Date>`current_timestamp(6) + interval ${Math.ceil(ttlMs / 1_000)} second`;
    await tx
      .insertInto('pre_images')
      .values({ operation_id: operationId, proxy_id: proxyId, sealed, expires_at: expires })
      .onDuplicateKeyUpdate({ sealed, expires_at: expires })
      .execute();
  }
  for (const tables of managed) await replaceManagedRows(tx, { ...tables, operationId });
  for (const { proxyId, module, checksum } of checksums) {
    await tx
      .insertInto('applied_checksums')
      .values({ proxy_id: proxyId, module, checksum, operation_id: operationId })
      .onDuplicateKeyUpdate({ checksum, operation_id: operationId, at: sql`current_timestamp(6)` })
      .execute();
  }
  return true;
}
