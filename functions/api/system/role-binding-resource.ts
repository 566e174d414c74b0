import type { Caller } from '@proxywatch/core/domain/access/caller';
import { EVERY_NAMESPACE, ROLES } from '@proxywatch/core/domain/access/role';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import {
  fetchRoleBinding,
  hasOtherFleetAdmin,
  type RoleBindingRecord,
} from '@proxywatch/core/drivers/dcdb/access/role-bindings';
import { z } from 'zod';
import type { ApiDeps } from '#api/api-deps';
import type { DcdbTransaction } from '#api/api-request';
import { requireRevision } from '#api/conditions';
import { instant } from '#api/fields';

export const WHO_BINDS = 'For admins of the namespace; what holds everywhere (`*`) is for admins of all.';
export const NO_BINDING = { description: 'there is no such binding, or none that the caller may see' };

export const roleBindingAnswer = z.strictObject({
  id: z.string().meta({ format: 'uuid' }),
  subjectKind: z.enum(['user', 'group']),
  subject: z.string().meta({ description: '`sub` of a token, ARN of an IAM principal, or name of a group' }),
  role: z.enum(ROLES),
  namespace: z.string().meta({ description: '`*`: everywhere' }),
  createdBy: z.string(),
  revision: z.int(),
  createdAt: instant(),
  updatedAt: instant(),
});

export function roleBindingResource(record: RoleBindingRecord): z.infer<typeof roleBindingAnswer> {
  const { createdAt, updatedAt, ...rest } = record;
  return { ...rest, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}

/** Namespaces whose bindings the caller may see and change: where it is admin. */
export function administeredBy(caller: Caller): Pick<Caller, 'namespaces'> {
  if (caller.fleetRole === 'admin') return { namespaces: EVERY_NAMESPACE };
  const { namespaces } = caller;
  // A fleet role below admin says nothing of the namespaces in which it is one.
  const named = namespaces === EVERY_NAMESPACE ? [] : namespaces;
  return { namespaces: named.filter((namespace) => caller.roleIn(namespace) === 'admin') };
}

/** Throws FORBIDDEN unless the caller may give roles there. */
export function requireAdminOf(caller: Caller, namespace: string): void {
  const held = namespace === EVERY_NAMESPACE ? caller.fleetRole : caller.roleIn(namespace);
  if (held === 'admin') return;
  const where = namespace === EVERY_NAMESPACE ? 'for all namespaces' : 'in the namespace';
  throw new ProxywatchError('FORBIDDEN', `roles are given by those who have the role admin ${where}`);
}

/** The binding, locked, if the caller may change it and knows its revision. Throws NOT_FOUND or STALE. */
export async function lockBinding(
  tx: DcdbTransaction,
  id: string,
  {
    caller,
    ifMatch,
    signal,
  }: { readonly caller: Caller; readonly ifMatch: number | undefined; readonly signal: AbortSignal },
): Promise<RoleBindingRecord> {
  const found = await fetchRoleBinding(tx, id, { forUpdate: true, signal });
  const binding = requireSeen(found, caller, id);
  requireRevision(ifMatch, binding.revision);
  return binding;
}

export function requireSeen(binding: RoleBindingRecord | undefined, caller: Caller, id: string): RoleBindingRecord {
  const held = binding?.namespace === EVERY_NAMESPACE ? caller.fleetRole : binding && caller.roleIn(binding.namespace);
  if (binding === undefined || held !== 'admin')
    throw new ProxywatchError('NOT_FOUND', `there is no role binding ${id}`);
  return binding;
}

/** Throws CONFLICT when nobody would be left who may give roles. */
export async function requireAnotherAdmin(
  { hasBootstrapAdmin }: Pick<ApiDeps, 'hasBootstrapAdmin'>,
  tx: DcdbTransaction,
  binding: RoleBindingRecord,
  signal: AbortSignal,
): Promise<void> {
  if (binding.namespace !== EVERY_NAMESPACE || binding.role !== 'admin' || hasBootstrapAdmin) return;
  if (await hasOtherFleetAdmin(tx, binding.id, signal)) return;
  throw new ProxywatchError('CONFLICT', 'this is the last admin of all namespaces: name another one first');
}
