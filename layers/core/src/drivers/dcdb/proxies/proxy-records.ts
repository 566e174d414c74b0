import type { Selectable } from 'kysely';
import type { RegisteredProxy } from '../../../domain/proxy.ts';
import { flagOf, stringMapOf } from '../column-values.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';
import { REGISTRATION_COLUMNS, registrationOf } from '../registration-row.ts';
import type { ProxyTable } from '../tables.ts';

/**
 * What operators made of a proxy (registered, draining, paused, retired), and what was found when it was tried last
 * (online, unreachable).
 */
export const PROXY_STATES = ['registered', 'online', 'draining', 'paused', 'unreachable', 'retired'] as const;
export type RegistryState = (typeof PROXY_STATES)[number];

export interface ProxyRecord {
  readonly registration: RegisteredProxy;
  readonly managed: boolean;
  readonly region: string;
  readonly zone: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: string;
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export const PROXY_COLUMNS = [
  ...REGISTRATION_COLUMNS,
  'managed',
  'region',
  'zone',
  'labels',
  'state',
  'revision',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof ProxyTable)[];

export type ProxyRow = Pick<Selectable<ProxyTable>, (typeof PROXY_COLUMNS)[number]>;

export function proxyRecordOf(row: ProxyRow): ProxyRecord {
  return {
    registration: registrationOf(row),
    managed: flagOf(row.managed),
    region: row.region,
    zone: row.zone,
    labels: stringMapOf(row.labels, 'proxies.labels'),
    state: row.state,
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** One proxy, retired or not; with `lock` the transaction holds it until its end. */
export function fetchProxyRecord(
  db: Dcdb,
  id: string,
  { lock = false, signal }: { readonly lock?: boolean; readonly signal?: AbortSignal } = {},
): Promise<ProxyRecord | undefined> {
  return accessDcdb(async () => {
    const row = await db
      .selectFrom('proxies')
      .select(PROXY_COLUMNS)
      .where('id', '=', id)
      .$if(lock, (query) => query.forUpdate())
      .executeTakeFirst({ signal });
    return row && proxyRecordOf(row);
  });
}

/** Proxies at these admin addresses; retired ones have none any more. */
export function fetchProxiesAt(
  db: Dcdb,
  addresses: readonly { readonly host: string; readonly port: number }[],
  signal?: AbortSignal,
): Promise<readonly ProxyRecord[]> {
  return accessDcdb(async () => {
    if (addresses.length === 0) return [];
    const rows = await db
      .selectFrom('proxies')
      .select(PROXY_COLUMNS)
      .where('state', '!=', 'retired')
      .where((eb) =>
        eb.or(addresses.map(({ host, port }) => eb.and([eb('admin_host', '=', host), eb('admin_port', '=', port)]))),
      )
      .orderBy('id')
      .execute({ signal });
    return rows.map(proxyRecordOf);
  });
}
