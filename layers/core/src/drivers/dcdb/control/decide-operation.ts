import { sql } from 'kysely';
import type { OperationState } from '../../../domain/control/operation.ts';
import type { Decision, StoredOperation } from '../../../ports/operation-store.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { cut, insertEvents } from './operation-events.ts';
import { OPERATION_COLUMNS, operationOf, selectGroups } from './operation-rows.ts';

const ENDED: readonly OperationState[] = ['succeeded', 'failed', 'rolled-back'];

/** As the port's `decide`, in the transaction of whoever calls. */
export async function decideOperation(
  tx: Dcdb,
  id: string,
  decision: (operation: StoredOperation) => Decision | undefined,
): Promise<StoredOperation | undefined> {
  // Whoever changes an operation or a group holds this row first: no two of them can wait for each other.
  const row = await tx
    .selectFrom('operations')
    .select(OPERATION_COLUMNS)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const before = operationOf(row, await selectGroups(tx, id));
  const decided = decision(before);
  if (decided === undefined) return before;
  for (const { id: groupId, from, to } of decided.groups) {
    await tx
      .updateTable('operation_groups')
      .set({
        state: to,
        attempts: 0,
        // Nobody has it, and whoever rested has no reason to any more.
        lease_until: sql`if(lease_owner is null, null, lease_until)`,
        ...(to === 'waiting' && { step: 'none', pending: null, problem: null }),
      })
      .where('operation_id', '=', id)
      .where('group_id', '=', groupId)
      .where('state', '=', from)
      .execute();
  }
  const isOver = ENDED.includes(decided.state);
  await tx
    .updateTable('operations')
    .set({
      state: decided.state,
      revision: sql`revision + 1`,
      ended_at: isOver ? sql`current_timestamp(6)` : null,
      ...(decided.onError !== undefined && {
        strategy: JSON.stringify({ ...before.strategy, onError: decided.onError }),
      }),
      ...('problem' in decided && { problem: decided.problem === undefined ? null : cut(decided.problem) }),
    })
    .where('id', '=', id)
    .execute();
  await insertEvents(tx, id, decided.events);
  const groups = await selectGroups(tx, id);
  if (isOver) await unlockProxies(tx, id, groups);
  return { ...before, state: decided.state, groups };
}

/** A group that is neither as before nor as wanted stays locked until somebody decides. */
async function unlockProxies(tx: Dcdb, id: string, groups: StoredOperation['groups']): Promise<void> {
  const stuck = groups.filter(({ state }) => state === 'rollback-failed').flatMap(({ members }) => members);
  await tx
    .deleteFrom('proxy_locks')
    .where('operation_id', '=', id)
    .$if(stuck.length > 0, (query) => query.where('proxy_id', 'not in', stuck))
    .execute();
}
