import { ProxywatchError } from '../../../domain/errors.ts';
import type { RegisteredProxy } from '../../../domain/proxy.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb, isDuplicateEntry } from '../dcdb-error.ts';
import { registrationRow } from '../registration-row.ts';
import type { RegistryState } from './proxy-records.ts';
import { raiseRegistryRevision } from './registry-revision.ts';

/** All that is decided about a proxy. */
export interface ProxyFields {
  readonly registration: RegisteredProxy;
  readonly managed: boolean;
  readonly region: string;
  readonly zone: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: RegistryState;
}

/** Rejects with CONFLICT when there is, or was, one of this id. Whoever calls holds the registry's lock. */
export function insertProxy(tx: Dcdb, fields: ProxyFields, signal?: AbortSignal): Promise<void> {
  return accessDcdb(async () => {
    try {
      await tx.insertInto('proxies').values(columnsOf(fields)).execute({ signal });
    } catch (error) {
      if (!isDuplicateEntry(error)) throw error;
      throw new ProxywatchError('CONFLICT', `there is a proxy ${fields.registration.id} already`);
    }
    await raiseRegistryRevision(tx, signal);
  });
}

/** Writes all fields, raises the revision and the registry's. Whoever calls holds the registry's lock. */
export function updateProxy(tx: Dcdb, fields: ProxyFields, signal?: AbortSignal): Promise<void> {
  return accessDcdb(async () => {
    const { id, ...columns } = columnsOf(fields);
    await tx
      .updateTable('proxies')
      .set((eb) => ({ ...columns, revision: eb('revision', '+', 1) }))
      .where('id', '=', id)
      .execute({ signal });
    await raiseRegistryRevision(tx, signal);
  });
}

/** With what was kept about its rows. */
export function deleteProxy(tx: Dcdb, id: string, signal?: AbortSignal): Promise<void> {
  return accessDcdb(async () => {
    await tx.deleteFrom('managed_rows').where('proxy_id', '=', id).execute({ signal });
    await tx.deleteFrom('applied_checksums').where('proxy_id', '=', id).execute({ signal });
    await tx.deleteFrom('proxies').where('id', '=', id).execute({ signal });
    await raiseRegistryRevision(tx, signal);
  });
}

function columnsOf({ registration, managed, region, zone, labels, state }: ProxyFields) {
  return {
    ...registrationRow(registration),
    managed: Number(managed),
    region,
    zone,
    labels: JSON.stringify(labels),
    state,
  };
}
