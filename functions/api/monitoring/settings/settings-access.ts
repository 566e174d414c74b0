import { type Caller, requireFleetRole, requireRole } from '@proxywatch/core/domain/access/caller';
import type { Role } from '@proxywatch/core/domain/access/role';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { accessDcdb } from '@proxywatch/core/drivers/dcdb/dcdb-error';
import type { SettingsScope } from '@proxywatch/core/drivers/dcdb/monitoring-settings/settings-repository';
import type { DcdbTransaction } from '#api/api-request';

interface Asking {
  readonly caller: Caller;
  readonly signal: AbortSignal;
}

/**
 * Throws unless there is such a namespace or proxy in which the caller has the role; answers its namespace. What holds for
 * the fleet is no secret to those who see a part of it, and decided by those who have the role everywhere.
 */
export async function requireScope(
  db: Dcdb | DcdbTransaction,
  { scope, scopeName }: SettingsScope,
  role: Role,
  { caller, signal }: Asking,
): Promise<string | undefined> {
  if (scope === 'fleet') {
    if (role !== 'viewer') requireFleetRole(caller, role);
    return undefined;
  }
  const what = `${scope} ${scopeName}`;
  const namespace = await accessDcdb(() => namespaceOf(db, { scope, scopeName }, signal));
  if (namespace === undefined) throw new ProxywatchError('NOT_FOUND', `there is no ${what}`);
  requireRole(caller, role, namespace, what);
  return namespace;
}

async function namespaceOf(
  db: Dcdb | DcdbTransaction,
  { scope, scopeName }: SettingsScope,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (scope === 'proxy') {
    const proxies = db.selectFrom('proxies').select('namespace').where('id', '=', scopeName);
    return (await proxies.executeTakeFirst({ signal }))?.namespace;
  }
  const namespaces = db.selectFrom('namespaces').select('name').where('name', '=', scopeName);
  return (await namespaces.executeTakeFirst({ signal }))?.name;
}
