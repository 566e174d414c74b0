import { type Kysely, type Selectable, sql } from 'kysely';
import type { Principal, RoleBinding } from '../../../domain/access/caller.ts';
import { EVERY_NAMESPACE, ROLES } from '../../../domain/access/role.ts';
import { ProxywatchError } from '../../../domain/errors.ts';
import type { RoleBindingsTable } from '../access-tables.ts';
import { accessDcdb } from '../dcdb-error.ts';
import type { DcdbTables } from '../tables.ts';

type Db = Kysely<DcdbTables>;

export interface RoleBindingRecord extends RoleBinding {
  readonly id: string;
  readonly createdBy: string;
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export const ROLE_BINDING_COLUMNS = [
  'role_bindings.id',
  'role_bindings.subject_kind',
  'role_bindings.subject',
  'role_bindings.role',
  'role_bindings.namespace',
  'role_bindings.created_by',
  'role_bindings.revision',
  'role_bindings.created_at',
  'role_bindings.updated_at',
] as const;

/** Bindings of a principal and of its groups. */
export function fetchBindingsOf(
  db: Db,
  { name, groups }: Principal,
  signal?: AbortSignal,
): Promise<readonly RoleBinding[]> {
  return accessDcdb(async () => {
    const rows = await db
      .selectFrom('role_bindings')
      .select(ROLE_BINDING_COLUMNS)
      .where((eb) => {
        const mine = eb.and([eb('subject', '=', name), eb('subject_kind', '=', 'user')]);
        if (groups.length === 0) return mine;
        return eb.or([mine, eb.and([eb('subject', 'in', [...groups]), eb('subject_kind', '=', 'group')])]);
      })
      .execute({ signal });
    return rows.map(roleBindingOf);
  });
}

/** `undefined`: there is none. Locked for the rest of the transaction when asked `forUpdate`. */
export function fetchRoleBinding(
  db: Db,
  id: string,
  { forUpdate = false, signal }: { readonly forUpdate?: boolean; readonly signal?: AbortSignal } = {},
): Promise<RoleBindingRecord | undefined> {
  return accessDcdb(async () => {
    const query = db.selectFrom('role_bindings').select(ROLE_BINDING_COLUMNS).where('id', '=', id);
    const row = await (forUpdate ? query.forUpdate() : query).executeTakeFirst({ signal });
    return row && roleBindingOf(row);
  });
}

/** Whether anybody but this binding is admin of all; the ones that are stay locked, so that two cannot go at once. */
export function hasOtherFleetAdmin(tx: Db, id: string, signal?: AbortSignal): Promise<boolean> {
  return accessDcdb(async () => {
    const rows = await tx
      .selectFrom('role_bindings')
      .select('id')
      .where('namespace', '=', EVERY_NAMESPACE)
      .where('role', '=', 'admin')
      // The same order for everybody who comes here, so that nobody waits for each other.
      .orderBy('id')
      .limit(1_000)
      .forUpdate()
      .execute({ signal });
    return rows.some((row) => row.id !== id);
  });
}

export function insertRoleBinding(
  tx: Db,
  binding: RoleBinding & { readonly id: string; readonly createdBy: string },
  signal?: AbortSignal,
): Promise<void> {
  return accessDcdb(async () => {
    const { id, subjectKind: subject_kind, subject, role, namespace, createdBy: created_by } = binding;
    await tx
      .insertInto('role_bindings')
      .values({ id, subject_kind, subject, role, namespace, created_by })
      .execute({ signal });
  });
}

export function updateRoleOfBinding(tx: Db, id: string, role: string, signal?: AbortSignal): Promise<void> {
  return accessDcdb(async () => {
    await tx
      .updateTable('role_bindings')
      .set({ role, revision: sql<number>`revision + 1` })
      .where('id', '=', id)
      .execute({ signal });
  });
}

export function deleteRoleBinding(tx: Db, id: string, signal?: AbortSignal): Promise<void> {
  return accessDcdb(async () => {
    await tx.deleteFrom('role_bindings').where('id', '=', id).execute({ signal });
  });
}

export function roleBindingOf(row: Selectable<RoleBindingsTable>): RoleBindingRecord {
  const role = ROLES.find((known) => known === row.role);
  if (role === undefined || (row.subject_kind !== 'user' && row.subject_kind !== 'group')) {
    throw new ProxywatchError('RECORD_DAMAGED', 'dcdb holds an unexpected value in role_bindings');
  }
  return {
    id: row.id,
    subjectKind: row.subject_kind,
    subject: row.subject,
    role,
    namespace: row.namespace,
    createdBy: row.created_by,
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
