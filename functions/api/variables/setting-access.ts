import { type Caller, requireFleetRole, requireRole } from '@proxywatch/core/domain/access/caller';
import type { Role } from '@proxywatch/core/domain/access/role';
import type { VariableSetting } from '@proxywatch/core/domain/control/effective-variables';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { accessDcdb } from '@proxywatch/core/drivers/dcdb/dcdb-error';
import type { VariableDefinition } from '@proxywatch/core/ports/proxy-control';
import { unprocessable } from './find-variable.ts';

type Scope = Pick<VariableSetting, 'scope' | 'scopeName' | 'kind'>;

/**
 * The namespace that a new setting belongs to, `undefined` for the fleet, if the caller has the role there. Throws
 * UNPROCESSABLE for a namespace or proxy that there is not, or that the caller may not see.
 */
export async function requireScope(
  db: Dcdb,
  { scope, scopeName, kind }: Scope,
  role: Role,
  caller: Caller,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (scope === 'fleet') {
    requireFleetRole(caller, role);
    return undefined;
  }
  const missing = unprocessable('/scopeName', `there is no such ${scope}`);
  const namespace = await fetchNamespaceOf(db, { scope, scopeName, kind }, signal);
  if (namespace === undefined || caller.roleIn(namespace) === undefined) throw missing;
  requireRole(caller, role, namespace, `${scope} ${scopeName}`);
  return namespace;
}

/** The namespace that an existing setting belongs to, if the caller has the role there; else NOT_FOUND or FORBIDDEN. */
export async function requireSettingRole(
  db: Dcdb,
  setting: VariableSetting,
  role: Role,
  caller: Caller,
  signal: AbortSignal,
): Promise<string | undefined> {
  const namespace = setting.scope === 'fleet' ? undefined : await fetchNamespaceOf(db, setting, signal);
  // What is left of a namespace or proxy that is gone is the fleet's; reading what holds everywhere is for everybody.
  if (namespace !== undefined) requireRole(caller, role, namespace, `setting ${setting.id}`);
  else if (role !== 'viewer' || setting.scope !== 'fleet') requireFleetRole(caller, role);
  return namespace;
}

/** Guarded variables can lock everybody out: they need the role admin and a reason. */
export function roleFor({ isGuarded }: Pick<VariableDefinition, 'isGuarded'>, reason: string): Role {
  if (!isGuarded) return 'operator';
  if (reason === '') throw unprocessable('/reason', 'this variable is guarded: setting it needs a reason');
  return 'admin';
}

function fetchNamespaceOf(
  db: Dcdb,
  { scope, scopeName, kind }: Scope,
  signal: AbortSignal,
): Promise<string | undefined> {
  return accessDcdb(async () => {
    if (scope === 'namespace') {
      const row = await db
        .selectFrom('namespaces')
        .select('name')
        .where('name', '=', scopeName)
        .executeTakeFirst({ signal });
      return row?.name;
    }
    const row = await db
      .selectFrom('proxies')
      .select('namespace')
      .where('id', '=', scopeName)
      .where('kind', '=', kind)
      .executeTakeFirst({ signal });
    return row?.namespace;
  });
}
