import type { Caller } from '@proxywatch/core/domain/access/caller';
import { includesRole } from '@proxywatch/core/domain/access/role';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { accessDcdb } from '@proxywatch/core/drivers/dcdb/dcdb-error';

type References = Pick<RegisteredProxy, 'statsCredentialRef' | 'adminCredentialRef'>;

/**
 * Throws UNPROCESSABLE unless the caller may have us log in with these credentials: at a host of his own he would learn of
 * them. Who is operator of all namespaces may name any; others those that proxies of their own namespaces have already.
 * `before`: what the proxy has now, which is no news to anybody.
 */
export async function requireCredentialUse(
  db: Dcdb,
  caller: Caller,
  wanted: References,
  before: Partial<References>,
  signal: AbortSignal,
): Promise<void> {
  if (includesRole(caller.fleetRole, 'operator')) return;
  const news = (['statsCredentialRef', 'adminCredentialRef'] as const).filter(
    (field) => wanted[field] !== undefined && wanted[field] !== before[field],
  );
  if (news.length === 0) return;
  const mine = [...caller.namespaces].filter((namespace) => includesRole(caller.roleIn(namespace), 'operator'));
  const known = mine.length === 0 ? [] : await accessDcdb(() => referencesOf(db, mine, signal));
  const problems = news
    .filter((field) => !known.some((references) => references[field] === wanted[field]))
    .map((field) => ({
      pointer: `/${field}`,
      message: 'no proxy of your namespaces has this credential: it takes an operator of all namespaces to name it',
    }));
  if (problems.length > 0) {
    throw new ProxywatchError('UNPROCESSABLE', 'credentials of others are not for this proxy', { problems });
  }
}

function referencesOf(db: Dcdb, namespaces: readonly string[], signal: AbortSignal) {
  return db
    .selectFrom('proxies')
    .select(['stats_credential_ref as statsCredentialRef', 'admin_credential_ref as adminCredentialRef'])
    .distinct()
    .where('namespace', 'in', namespaces)
    .execute({ signal });
}
