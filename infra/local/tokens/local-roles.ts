import { randomUUID } from 'node:crypto';
import { EVERY_NAMESPACE, ROLES, type Role } from '@proxywatch/core/domain/access/role';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';

/** The group whose members have a role in a namespace of a local run. */
export function localGroup(role: Role, namespace: string = EVERY_NAMESPACE): string {
  return namespace === EVERY_NAMESPACE ? `local-${role}` : `local-${role}@${namespace}`;
}

/** Gives the group its role, if it does not have it yet. */
export async function bindLocalGroup(db: Dcdb, role: Role, namespace: string = EVERY_NAMESPACE): Promise<void> {
  await db
    .insertInto('role_bindings')
    .ignore()
    .values({
      id: randomUUID(),
      subject_kind: 'group',
      subject: localGroup(role, namespace),
      role,
      namespace,
      created_by: 'local run',
    })
    .execute();
}

/** The groups of the three tokens that a local run prints. */
export async function bindLocalGroups(db: Dcdb): Promise<void> {
  for (const role of ROLES) await bindLocalGroup(db, role);
}
