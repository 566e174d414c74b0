import type { Transaction } from 'kysely';
import type { ServerOverride } from '../../../domain/control/server-overrides.ts';
import { accessDcdb } from '../dcdb-error.ts';
import type { DcdbTables } from '../tables.ts';

export interface NewServerOverride extends Omit<ServerOverride, 'expiresAtMs'>, ServerOverrideChanges {
  readonly namespace: string;
  readonly createdBy: string;
}

export interface ServerOverrideChanges {
  readonly weight: number | null;
  readonly reason: string;
  /** `null`: until it is deleted. */
  readonly expiresAt: Date | null;
}

/** Whoever adds overrides to a namespace holds its row first, so that none comes twice. `false`: there is no such row. */
export function lockNamespaceOfOverrides(
  tx: Transaction<DcdbTables>,
  namespace: string,
  signal?: AbortSignal,
): Promise<boolean> {
  return accessDcdb(async () => {
    const row = await tx
      .selectFrom('namespaces')
      .select('name')
      .where('name', '=', namespace)
      .forUpdate()
      .executeTakeFirst({ signal });
    return row !== undefined;
  });
}

export function insertServerOverride(
  tx: Transaction<DcdbTables>,
  { expiresAt, createdBy, ...override }: NewServerOverride,
  signal?: AbortSignal,
): Promise<void> {
  return accessDcdb(async () => {
    const row = { ...override, expires_at: expiresAt, created_by: createdBy };
    await tx.insertInto('server_overrides').values(row).execute({ signal });
  });
}

/** One with another end has not been returned, whatever became of the end before. */
const NOT_RETURNED = { return_tried_at: null, return_operation: null, returned_at: null, return_problem: null };

/** Changes these fields and raises the revision. */
export function updateServerOverride(
  tx: Transaction<DcdbTables>,
  id: string,
  { expiresAt, ...changes }: Partial<ServerOverrideChanges>,
  signal?: AbortSignal,
): Promise<void> {
  return accessDcdb(async () => {
    await tx
      .updateTable('server_overrides')
      .set((eb) => ({
        ...changes,
        ...(expiresAt !== undefined && { expires_at: expiresAt, ...NOT_RETURNED }),
        revision: eb('revision', '+', 1),
      }))
      .where('id', '=', id)
      .execute({ signal });
  });
}

export function deleteServerOverride(tx: Transaction<DcdbTables>, id: string, signal?: AbortSignal): Promise<void> {
  return accessDcdb(async () => {
    await tx.deleteFrom('server_overrides').where('id', '=', id).execute({ signal });
  });
}
