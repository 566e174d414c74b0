import { type Caller, requireRole } from '@proxywatch/core/domain/access/caller';
import { includesRole, type Role } from '@proxywatch/core/domain/access/role';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import {
  fetchNamespaceSpec,
  lockNamespaceSpec,
  type SpecifiedNamespace,
} from '@proxywatch/core/drivers/dcdb/namespaces/namespace-specs';
import type { DcdbTransaction } from '#api/api-request';
import { requireRevision } from '#api/conditions';

export interface Asking {
  readonly caller: Caller;
  readonly signal: AbortSignal;
}

/** The namespace, if the caller has the role in it; else NOT_FOUND or FORBIDDEN. */
export async function findNamespace(
  db: Dcdb,
  name: string,
  role: Role,
  { caller, signal }: Asking,
): Promise<SpecifiedNamespace> {
  requireRole(caller, role, name, `namespace ${name}`);
  return present(await fetchNamespaceSpec(db, name, signal), name);
}

/** The same, held until the end of the transaction; STALE unless the caller knew its revision. */
export async function lockNamespace(
  tx: DcdbTransaction,
  name: string,
  role: Role,
  { caller, signal, ifMatch }: Asking & { readonly ifMatch: number | undefined },
): Promise<SpecifiedNamespace> {
  requireRole(caller, role, name, `namespace ${name}`);
  const namespace = present(await lockNamespaceSpec(tx, name, signal), name);
  requireRevision(ifMatch, namespace.revision);
  return namespace;
}

/** Of a namespace that is to be: to say that it is hidden would be wrong, since there is none yet. */
export function requireAdminOf(caller: Caller, name: string): void {
  if (!includesRole(caller.roleIn(name), 'admin')) {
    throw new ProxywatchError('FORBIDDEN', `this needs the role admin for the namespace ${name}`);
  }
}

export function present(namespace: SpecifiedNamespace | undefined, name: string): SpecifiedNamespace {
  if (namespace === undefined) throw new ProxywatchError('NOT_FOUND', `there is no namespace ${name}`);
  return namespace;
}
