import { type Caller, requireRole } from '@proxywatch/core/domain/access/caller';
import type { Role } from '@proxywatch/core/domain/access/role';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { fetchServerOverride, type ServerOverrideRecord } from '@proxywatch/core/drivers/dcdb/servers/server-overrides';
import type { DcdbTransaction } from '#api/api-request';
import { requireRevision } from '#api/conditions';

interface Asking {
  readonly caller: Caller;
  readonly signal: AbortSignal;
}

/** The override, if the caller has the role in its namespace; else NOT_FOUND or FORBIDDEN. */
export async function findOverride(db: Dcdb, id: string, role: Role, asking: Asking): Promise<ServerOverrideRecord> {
  const { caller, signal } = asking;
  return permitted(await fetchServerOverride(db, id, { signal }), id, role, caller);
}

/** The same, held until the end of the transaction; STALE unless the caller knew its revision. */
export async function lockOverride(
  tx: DcdbTransaction,
  id: string,
  { caller, signal, ifMatch }: Asking & { readonly ifMatch: number | undefined },
): Promise<ServerOverrideRecord> {
  const found = permitted(await fetchServerOverride(tx, id, { lock: true, signal }), id, 'operator', caller);
  requireRevision(ifMatch, found.revision);
  return found;
}

/** As it is after a change in the same transaction. */
export async function rereadOverride(
  tx: DcdbTransaction,
  id: string,
  signal: AbortSignal,
): Promise<ServerOverrideRecord> {
  const found = await fetchServerOverride(tx, id, { signal });
  if (found === undefined) throw new ProxywatchError('INTERNAL', `the override ${id} is gone within its own change`);
  return found;
}

function permitted(
  found: ServerOverrideRecord | undefined,
  id: string,
  role: Role,
  caller: Caller,
): ServerOverrideRecord {
  if (found === undefined) throw new ProxywatchError('NOT_FOUND', `there is no override ${id}`);
  requireRole(caller, role, found.namespace, `override ${id}`);
  return found;
}
