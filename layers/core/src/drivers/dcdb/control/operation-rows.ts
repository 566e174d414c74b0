import type { Selectable } from 'kysely';
import type { Pending } from '../../../domain/control/group-work.ts';
import { GROUP_STATES, OPERATION_STATES, STEPS, type Strategy } from '../../../domain/control/operation.ts';
import type { StoredGroup, StoredOperation } from '../../../ports/operation-store.ts';
import { stringsOf } from '../column-values.ts';
import type { OperationGroupsTable, OperationsTable } from '../control-tables.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { jsonValue, wordOf } from './json-value.ts';

export const OPERATION_COLUMNS = [
  'id',
  'kind',
  'plan_id',
  'of_operation',
  'namespace',
  'state',
  'strategy',
  'reason',
  'problem',
  'created_by',
  'revision',
  'created_at',
  'updated_at',
  'ended_at',
] as const satisfies readonly (keyof OperationsTable)[];

export const GROUP_COLUMNS = [
  'operation_id',
  'group_id',
  'position',
  'members',
  'state',
  'step',
  'pending',
  'attempts',
  'problem',
  'updated_at',
] as const satisfies readonly (keyof OperationGroupsTable)[];

export type OperationRow = Pick<Selectable<OperationsTable>, (typeof OPERATION_COLUMNS)[number]>;
type GroupRow = Pick<Selectable<OperationGroupsTable>, (typeof GROUP_COLUMNS)[number]>;

/** As it is kept, with what the API tells besides. */
export interface OperationRecord extends StoredOperation {
  readonly groups: readonly GroupRecord[];
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly endedAt: Date | null;
}

export interface GroupRecord extends StoredGroup {
  readonly updatedAt: Date;
}

/** Groups of one operation, in their order. */
export async function selectGroups(
  db: Dcdb,
  operationId: string,
  signal?: AbortSignal,
): Promise<readonly GroupRecord[]> {
  const rows = await db
    .selectFrom('operation_groups')
    .select(GROUP_COLUMNS)
    .where('operation_id', '=', operationId)
    .orderBy('position')
    .execute({ signal });
  return rows.map(groupOf);
}

export function operationOf(row: OperationRow, groups: readonly GroupRecord[]): OperationRecord {
  return {
    id: row.id,
    kind: wordOf(['apply', 'rollback'], row.kind, 'operations.kind'),
    planId: row.plan_id ?? undefined,
    ofOperation: row.of_operation ?? undefined,
    namespace: row.namespace,
    state: wordOf(OPERATION_STATES, row.state, 'operations.state'),
    strategy: jsonValue<Strategy>(row.strategy, 'operations.strategy'),
    reason: row.reason,
    problem: row.problem ?? undefined,
    createdBy: row.created_by,
    groups,
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    endedAt: row.ended_at,
  };
}

export function groupOf(row: GroupRow): GroupRecord {
  return {
    id: row.group_id,
    position: row.position,
    members: stringsOf(row.members, 'operation_groups.members'),
    state: wordOf(GROUP_STATES, row.state, 'operation_groups.state'),
    step: wordOf(STEPS, row.step, 'operation_groups.step'),
    pending: jsonValue<Pending | null>(row.pending, 'operation_groups.pending') ?? {},
    attempts: row.attempts,
    problem: row.problem ?? undefined,
    updatedAt: row.updated_at,
  };
}
