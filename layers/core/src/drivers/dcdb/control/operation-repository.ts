import type { OperationEvent } from '../../../domain/control/group-work.ts';
import type { Strategy } from '../../../domain/control/operation.ts';
import { ProxywatchError } from '../../../domain/errors.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';
import { wordOf } from './json-value.ts';
import { insertEvents } from './operation-events.ts';
import { OPERATION_COLUMNS, type OperationRecord, operationOf, selectGroups } from './operation-rows.ts';

export type { OperationRecord } from './operation-rows.ts';

export function fetchOperation(db: Dcdb, id: string, signal?: AbortSignal): Promise<OperationRecord | undefined> {
  return accessDcdb(async () => {
    const row = await db
      .selectFrom('operations')
      .select(OPERATION_COLUMNS)
      .where('id', '=', id)
      .executeTakeFirst({ signal });
    return row && operationOf(row, await selectGroups(db, id, signal));
  });
}

export interface StoredEvent extends OperationEvent {
  readonly id: number;
  readonly at: Date;
}

/** The newest events behind an id, oldest first. */
export function fetchEvents(
  db: Dcdb,
  operationId: string,
  limit: number,
  signal?: AbortSignal,
): Promise<readonly StoredEvent[]> {
  return accessDcdb(async () => {
    const rows = await db
      .selectFrom('operation_events')
      .select(['id', 'group_id', 'proxy_id', 'at', 'severity', 'message'])
      .where('operation_id', '=', operationId)
      .orderBy('id', 'desc')
      .limit(limit)
      .execute({ signal });
    return rows.toReversed().map(({ id, group_id, proxy_id, at, severity, message }) => ({
      id,
      at,
      severity: wordOf(['info', 'warning', 'error'], severity, 'operation_events.severity'),
      message,
      ...(group_id !== null && { groupId: group_id }),
      ...(proxy_id !== null && { proxyId: proxy_id }),
    }));
  });
}

export interface NewOperation {
  readonly id: string;
  readonly kind: 'apply' | 'rollback';
  readonly planId?: string;
  readonly ofOperation?: string;
  readonly namespace: string;
  readonly strategy: Strategy;
  readonly reason: string;
  readonly createdBy: string;
  /** In their order, canaries first. */
  readonly groups: readonly { readonly id: string; readonly members: readonly string[] }[];
}

/** Begins an operation. Rejects with CONFLICT when another one has one of the proxies. */
export async function insertOperation(tx: Dcdb, operation: NewOperation): Promise<void> {
  const { id, groups } = operation;
  await lockProxies(
    tx,
    id,
    groups.flatMap(({ members }) => members),
  );
  await tx
    .insertInto('operations')
    .values({
      id,
      kind: operation.kind,
      plan_id: operation.planId ?? null,
      of_operation: operation.ofOperation ?? null,
      namespace: operation.namespace,
      state: 'pending',
      strategy: JSON.stringify(operation.strategy),
      reason: operation.reason,
      problem: null,
      created_by: operation.createdBy,
    })
    .execute();
  const rows = groups.map((group, position) => ({
    operation_id: id,
    group_id: group.id,
    position,
    members: JSON.stringify(group.members),
    state: 'waiting',
    step: 'none',
    pending: null,
    lease_owner: null,
    problem: null,
  }));
  if (rows.length > 0) await tx.insertInto('operation_groups').values(rows).execute();
  await insertEvents(tx, id, [{ severity: 'info', message: `${groups.length} groups` }]);
}

/** Two that want the same proxies meet at the first of them in the order of ids, so that one waits and none locks the other out. */
async function lockProxies(tx: Dcdb, operationId: string, proxyIds: readonly string[]): Promise<void> {
  for (const proxyId of proxyIds.toSorted()) {
    await tx.insertInto('proxy_locks').ignore().values({ proxy_id: proxyId, operation_id: operationId }).execute();
  }
  const held = await tx
    .selectFrom('proxy_locks')
    .select(['proxy_id', 'operation_id'])
    .where('proxy_id', 'in', proxyIds)
    .where('operation_id', '!=', operationId)
    .executeTakeFirst();
  if (held !== undefined) throw isHeld(held);
}

/**
 * No operation has one of these proxies, and none gets one before the end of the transaction. Rejects with CONFLICT when one
 * has.
 */
export async function requireUnlocked(tx: Dcdb, proxyIds: readonly string[], signal?: AbortSignal): Promise<void> {
  if (proxyIds.length === 0) return;
  const held = await tx
    .selectFrom('proxy_locks')
    .select(['proxy_id', 'operation_id'])
    .where('proxy_id', 'in', proxyIds)
    .orderBy('proxy_id')
    .forUpdate()
    .execute({ signal });
  if (held[0] !== undefined) throw isHeld(held[0]);
}

function isHeld(lock: { readonly proxy_id: string; readonly operation_id: string }): ProxywatchError {
  return new ProxywatchError('CONFLICT', `${lock.proxy_id} is being changed by operation ${lock.operation_id}`);
}

/** Proxies that nobody else may change as long as the operation has them. */
export async function fetchLocked(tx: Dcdb, operationId: string, signal?: AbortSignal): Promise<ReadonlySet<string>> {
  const locks = tx.selectFrom('proxy_locks').select('proxy_id').where('operation_id', '=', operationId);
  return new Set((await locks.execute({ signal })).map(({ proxy_id }) => proxy_id));
}

/** Lets go of proxies whose state nobody vouches for: whoever gave the operation up decided so. */
export async function unlockAll(tx: Dcdb, operationId: string): Promise<void> {
  await tx.deleteFrom('proxy_locks').where('operation_id', '=', operationId).execute();
}
