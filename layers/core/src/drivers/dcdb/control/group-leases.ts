import { sql } from 'kysely';
import { GROUP_STATES, OPERATION_STATES } from '../../../domain/control/operation.ts';
import type { OperateRequest } from '../../../ports/operation-invoker.ts';
import type { GroupHold, GroupNews, OperationStore, StoredGroup } from '../../../ports/operation-store.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';
import { fetchWritesSwitch } from '../settings/writes-switch.ts';
import { wordOf } from './json-value.ts';
import { GROUP_COLUMNS, groupOf } from './operation-rows.ts';

const ACTIVE_GROUPS = ['running', 'rolling-back'];
const ACTIVE_OPERATIONS = ['pending', 'running', 'rolling-back'];

type GroupLeases = Pick<OperationStore, 'takeGroup' | 'renewGroup' | 'releaseGroup' | 'fetchUnattended'>;

/** Who works on a group, by the clock of the DCDB. */
export function createGroupLeases(db: Dcdb): GroupLeases {
  return {
    takeGroup: (hold, leaseMs, signal) => accessDcdb(() => take(db, hold, leaseMs, signal)),
    renewGroup: (hold, leaseMs, signal) => accessDcdb(() => renew(db, hold, leaseMs, signal)),
    releaseGroup: (hold, restMs, isFailure) =>
      accessDcdb(async () => {
        await held(db.updateTable('operation_groups'), hold)
          .set({
            lease_owner: null,
            lease_until: restMs > 0 ? after(restMs) : null,
            ...(!isFailure && { attempts: 0 }),
          })
          .execute();
      }),
    fetchUnattended: (limit, signal) => accessDcdb(() => selectUnattended(db, limit, signal)),
  };
}

async function take(
  db: Dcdb,
  hold: GroupHold,
  leaseMs: number,
  signal?: AbortSignal,
): Promise<StoredGroup | undefined> {
  const { operationId, groupId, owner } = hold;
  const { numUpdatedRows } = await db
    .updateTable('operation_groups')
    .set({ lease_owner: owner, lease_until: after(leaseMs), attempts: sql`attempts + 1` })
    .where('operation_id', '=', operationId)
    .where('group_id', '=', groupId)
    .where('state', 'in', ACTIVE_GROUPS)
    .where(isFree)
    .where('operation_id', 'in', db.selectFrom('operations').select('id').where('state', 'in', ACTIVE_OPERATIONS))
    .executeTakeFirst({ signal });
  if (numUpdatedRows === 0n) return undefined;
  const row = await db
    .selectFrom('operation_groups')
    .select(GROUP_COLUMNS)
    .where('operation_id', '=', operationId)
    .where('group_id', '=', groupId)
    .where('lease_owner', '=', owner)
    .executeTakeFirst({ signal });
  return row && groupOf(row);
}

async function renew(db: Dcdb, hold: GroupHold, leaseMs: number, signal?: AbortSignal): Promise<GroupNews | undefined> {
  const { numUpdatedRows } = await held(db.updateTable('operation_groups'), hold)
    .set({ lease_until: after(leaseMs) })
    .executeTakeFirst({ signal });
  if (numUpdatedRows === 0n) return undefined;
  const { enabled, reason } = await fetchWritesSwitch(db, { ...(signal && { signal }) });
  const row = await db
    .selectFrom('operation_groups as g')
    .innerJoin('operations as o', 'o.id', 'g.operation_id')
    .select(['o.state as operation_state', 'g.state as group_state'])
    .where('g.operation_id', '=', hold.operationId)
    .where('g.group_id', '=', hold.groupId)
    .executeTakeFirst({ signal });
  if (row === undefined) return undefined;
  return {
    operationState: wordOf(OPERATION_STATES, row.operation_state, 'operations.state'),
    groupState: wordOf(GROUP_STATES, row.group_state, 'operation_groups.state'),
    writes: { enabled, reason },
  };
}

async function selectUnattended(db: Dcdb, limit: number, signal?: AbortSignal): Promise<readonly OperateRequest[]> {
  const groups = await db
    .selectFrom('operation_groups as g')
    .innerJoin('operations as o', 'o.id', 'g.operation_id')
    .select(['g.operation_id', 'g.group_id'])
    .where('o.ended_at', 'is', null)
    .where('o.state', 'in', ACTIVE_OPERATIONS)
    .where('g.state', 'in', ACTIVE_GROUPS)
    .where(sql<boolean>`(g.lease_until is null or g.lease_until < current_timestamp(6))`)
    .orderBy('g.updated_at')
    .limit(limit)
    .execute({ signal });
  const idle = await db
    .selectFrom('operations as o')
    .select('o.id')
    .where('o.ended_at', 'is', null)
    .where('o.state', 'in', ACTIVE_OPERATIONS)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('operation_groups as g')
            .select('g.group_id')
            .whereRef('g.operation_id', '=', 'o.id')
            .where('g.state', 'in', ACTIVE_GROUPS),
        ),
      ),
    )
    .orderBy('o.updated_at')
    .limit(limit)
    .execute({ signal });
  return [
    ...groups.map(({ operation_id, group_id }) => ({
      version: 1 as const,
      operationId: operation_id,
      groupId: group_id,
    })),
    ...idle.map(({ id }) => ({ version: 1 as const, operationId: id })),
  ];
}

const isFree = sql<boolean>`(lease_until is null or lease_until < current_timestamp(6))`;

function after(ms: number) {
  return sql<Date>`current_timestamp(6) + interval ${Math.ceil(ms * 1_000)} microsecond`;
}

function held<Q extends { where(column: 'operation_id' | 'group_id' | 'lease_owner', op: '=', value: string): Q }>(
  query: Q,
  { operationId, groupId, owner }: GroupHold,
): Q {
  return query.where('operation_id', '=', operationId).where('group_id', '=', groupId).where('lease_owner', '=', owner);
}
