import type { RegisteredProxy } from '../../../domain/proxy.ts';
import { flagOf } from '../column-values.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';
import { REGISTRATION_COLUMNS, registrationOf } from '../registration-row.ts';

/** As much of a proxy as it takes to speak to it. */
export interface ReachableProxy {
  readonly registration: RegisteredProxy;
  /** Whether Proxywatch may change it. */
  readonly managed: boolean;
}

/** Proxies of a namespace by id; retired ones are left out. */
export function fetchProxiesOf(db: Dcdb, namespace: string, signal?: AbortSignal): Promise<readonly ReachableProxy[]> {
  return accessDcdb(async () => {
    const rows = await proxies(db).where('namespace', '=', namespace).orderBy('id').execute({ signal });
    return rows.map(reachable);
  });
}

/** Those of the ids that there are, retired ones left out, by id. */
export function fetchProxiesById(
  db: Dcdb,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<readonly ReachableProxy[]> {
  return accessDcdb(async () => {
    if (ids.length === 0) return [];
    const rows = await proxies(db).where('id', 'in', ids).orderBy('id').execute({ signal });
    return rows.map(reachable);
  });
}

function proxies(db: Dcdb) {
  return db.selectFrom('proxies').select(REGISTRATION_COLUMNS).select('managed').where('state', '!=', 'retired');
}

function reachable(row: Awaited<ReturnType<ReturnType<typeof proxies>['execute']>>[number]): ReachableProxy {
  return { registration: registrationOf(row), managed: flagOf(row.managed) };
}
