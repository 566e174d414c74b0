import { type Caller, requireRole } from '@proxywatch/core/domain/access/caller';
import { includesRole, type Role } from '@proxywatch/core/domain/access/role';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { lockNamespaceSpec } from '@proxywatch/core/drivers/dcdb/namespaces/namespace-specs';
import {
  fetchProxiesAt,
  fetchProxyRecord,
  type ProxyRecord,
} from '@proxywatch/core/drivers/dcdb/proxies/proxy-records';
import { fetchLockingOperation } from '@proxywatch/core/drivers/dcdb/proxies/proxy-references';
import { lockRegistry } from '@proxywatch/core/drivers/dcdb/proxies/registry-revision';
import type { DcdbTransaction } from '#api/api-request';
import { requireRevision } from '#api/conditions';

export interface Asking {
  readonly caller: Caller;
  readonly signal: AbortSignal;
}

/** The proxy, if the caller has the role in its namespace; else NOT_FOUND or FORBIDDEN. */
export async function findProxy(db: Dcdb, id: string, role: Role, { caller, signal }: Asking): Promise<ProxyRecord> {
  return permitted(await fetchProxyRecord(db, id, { signal }), id, role, caller);
}

/** The same, held until the end of the transaction with the whole registry; STALE unless the caller knew its revision. */
export async function lockProxy(
  tx: DcdbTransaction,
  id: string,
  role: Role,
  { caller, signal, ifMatch }: Asking & { readonly ifMatch: number | undefined },
): Promise<ProxyRecord> {
  await lockRegistry(tx, signal);
  const proxy = permitted(await fetchProxyRecord(tx, id, { lock: true, signal }), id, role, caller);
  requireRevision(ifMatch, proxy.revision);
  return proxy;
}

/** As it is after a change in the same transaction. */
export async function reread(tx: DcdbTransaction, id: string, signal: AbortSignal): Promise<ProxyRecord> {
  const proxy = await fetchProxyRecord(tx, id, { signal });
  if (proxy === undefined) throw new ProxywatchError('INTERNAL', `the proxy ${id} is gone within its own change`);
  return proxy;
}

/** Of the namespace that a proxy is to be in; one that the caller may not see is as good as none. */
export function requireTarget(caller: Caller, namespace: string): void {
  const held = caller.roleIn(namespace);
  if (held === undefined) throw noNamespace();
  if (!includesRole(held, 'operator')) {
    throw new ProxywatchError(
      'FORBIDDEN',
      `this needs the role operator in the namespace ${namespace}, yours is ${held}`,
    );
  }
}

/** It stays there until the end of the transaction. */
export async function requireNamespace(tx: DcdbTransaction, namespace: string, signal: AbortSignal): Promise<void> {
  if ((await lockNamespaceSpec(tx, namespace, signal)) === undefined) throw noNamespace();
}

/** One proxy under two names would be collected from twice, and changed twice. The registry is locked. */
export async function requireFreeAddress(
  tx: DcdbTransaction,
  { id, adminHost: host, adminPort: port }: RegisteredProxy,
  { caller, signal }: Asking,
): Promise<void> {
  const others = await fetchProxiesAt(tx, [{ host, port }], signal);
  const other = others.find(({ registration }) => registration.id !== id)?.registration;
  if (other === undefined) return;
  const isVisible = caller.roleIn(other.namespace) !== undefined;
  const message = isVisible ? `is the address of ${other.id} already` : 'is the address of another proxy already';
  throw new ProxywatchError('CONFLICT', 'the admin address is registered already', {
    problems: [{ pointer: '/adminHost', message }],
  });
}

/** What runs against the proxy now must end first. */
export async function requireIdle(tx: DcdbTransaction, id: string, signal: AbortSignal): Promise<void> {
  const operation = await fetchLockingOperation(tx, id, signal);
  if (operation !== undefined) {
    throw new ProxywatchError('CONFLICT', `the operation ${operation} works on the proxy; wait for its end`);
  }
}

function permitted(proxy: ProxyRecord | undefined, id: string, role: Role, caller: Caller): ProxyRecord {
  if (proxy === undefined) throw new ProxywatchError('NOT_FOUND', `there is no proxy ${id}`);
  requireRole(caller, role, proxy.registration.namespace, `proxy ${id}`);
  return proxy;
}

function noNamespace(): ProxywatchError {
  const message = 'there is no such namespace, or none that you may see';
  return new ProxywatchError('UNPROCESSABLE', message, { problems: [{ pointer: '/namespace', message }] });
}
