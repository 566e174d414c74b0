import { type Caller, requireRole } from '@proxywatch/core/domain/access/caller';
import type { Role } from '@proxywatch/core/domain/access/role';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { accessDcdb } from '@proxywatch/core/drivers/dcdb/dcdb-error';
import { fetchProxyRecord } from '@proxywatch/core/drivers/dcdb/proxies/proxy-records';

/** A proxy in whose namespace the caller has the role. Throws NOT_FOUND or FORBIDDEN. */
export async function fetchVisibleProxy(
  db: Dcdb,
  id: string,
  caller: Caller,
  role: Role,
  signal: AbortSignal,
): Promise<RegisteredProxy & { readonly state: string }> {
  const record = await fetchProxyRecord(db, id, { signal });
  if (record === undefined) throw new ProxywatchError('NOT_FOUND', `there is no proxy ${id}`);
  requireRole(caller, role, record.registration.namespace, `proxy ${id}`);
  return { ...record.registration, state: record.state };
}

/** Throws NOT_FOUND or FORBIDDEN unless there is such a namespace and the caller has the role in it. */
export async function fetchVisibleNamespace(
  db: Dcdb,
  name: string,
  caller: Caller,
  role: Role,
  signal: AbortSignal,
): Promise<void> {
  requireRole(caller, role, name, `namespace ${name}`);
  const query = db.selectFrom('namespaces').select('name').where('name', '=', name);
  const found = await accessDcdb(() => query.executeTakeFirst({ signal }));
  if (found === undefined) throw new ProxywatchError('NOT_FOUND', `there is no namespace ${name}`);
}
