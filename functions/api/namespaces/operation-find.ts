import { requireRole } from '@proxywatch/core/domain/access/caller';
import type { Role } from '@proxywatch/core/domain/access/role';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { fetchOperation } from '@proxywatch/core/drivers/dcdb/control/operation-repository';
import type { OperationRecord } from '@proxywatch/core/drivers/dcdb/control/operation-rows';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import type { Asking } from './find-namespace.ts';

/** An operation, if the caller has the role in its namespace; else NOT_FOUND or FORBIDDEN. */
export async function findOperation(
  db: Dcdb,
  id: string,
  role: Role,
  { caller, signal }: Asking,
): Promise<OperationRecord> {
  const operation = await fetchOperation(db, id, signal);
  if (operation === undefined) throw new ProxywatchError('NOT_FOUND', `there is no operation ${id}`);
  requireRole(caller, role, operation.namespace, `operation ${id}`);
  return operation;
}
