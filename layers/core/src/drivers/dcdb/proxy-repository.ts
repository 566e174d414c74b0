import type { RegisteredProxy } from '../../domain/proxy.ts';
import type { RegistryEdition } from '../../ports/proxy-registry.ts';
import type { Dcdb } from './create-dcdb.ts';
import { accessDcdb } from './dcdb-error.ts';
import { fetchPublishedSettings } from './monitoring-settings/published-settings.ts';
import { addMissingNamespaces } from './namespace-repository.ts';
import { PROXY_COLUMNS, type ProxyRecord, proxyRecordOf, type RegistryState } from './proxies/proxy-records.ts';
import { lockRegistry, raiseRegistryRevision } from './proxies/registry-revision.ts';
import { REGISTRATION_COLUMNS, registrationOf, registrationRow, sameRegistration } from './registration-row.ts';

export type { ProxyRecord } from './proxies/proxy-records.ts';

/** What nobody is to collect from. */
const SILENT_STATES = ['paused', 'retired'] satisfies readonly RegistryState[];

const INSERT_ROWS = 500;

export interface RegisterOutcome {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
}

/** All proxies by id, retired ones included. */
export function fetchProxyRecords(db: Dcdb, signal?: AbortSignal): Promise<readonly ProxyRecord[]> {
  return accessDcdb(async () => {
    const rows = await db.selectFrom('proxies').select(PROXY_COLUMNS).orderBy('id').execute({ signal });
    return rows.map(proxyRecordOf);
  });
}

/**
 * Creates the proxies, or gives them these registration fields; what else is known of a proxy stays. Namespaces that
 * are missing come into being. One transaction; the registry's revision rises once if anything changed.
 */
export function registerProxies(
  db: Dcdb,
  proxies: readonly RegisteredProxy[],
  signal?: AbortSignal,
): Promise<RegisterOutcome> {
  return accessDcdb(() =>
    db.transaction().execute(async (tx) => {
      await lockRegistry(tx, signal);
      await addMissingNamespaces(
        tx,
        proxies.map(({ namespace }) => namespace),
        signal,
      );
      const held = new Map<string, RegisteredProxy>();
      const rows = await tx.selectFrom('proxies').select(REGISTRATION_COLUMNS).execute({ signal });
      for (const row of rows) held.set(row.id, registrationOf(row));
      const born = proxies.filter(({ id }) => !held.has(id));
      const changed = proxies.filter((proxy) => {
        const before = held.get(proxy.id);
        return before !== undefined && !sameRegistration(before, proxy);
      });
      for (let i = 0; i < born.length; i += INSERT_ROWS) {
        const rows = born.slice(i, i + INSERT_ROWS).map((proxy) => ({ ...registrationRow(proxy), labels: '{}' }));
        await tx.insertInto('proxies').values(rows).execute({ signal });
      }
      for (const proxy of changed) {
        await tx
          .updateTable('proxies')
          .set((eb) => ({ ...registrationRow(proxy), revision: eb('revision', '+', 1) }))
          .where('id', '=', proxy.id)
          .execute({ signal });
      }
      const [created, updated] = [born.length, changed.length];
      if (created + updated > 0) await raiseRegistryRevision(tx, signal);
      return { created, updated, unchanged: proxies.length - created - updated };
    }),
  );
}

/** What is to be published to Redis: every proxy that is to be collected from, and which edition of the registry this is. */
export function fetchRegistryEdition(db: Dcdb, signal?: AbortSignal): Promise<RegistryEdition> {
  return accessDcdb(() =>
    // All reads see one moment.
    db
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(async (tx) => {
        const rows = await tx
          .selectFrom('proxies')
          .select(REGISTRATION_COLUMNS)
          .where('state', 'not in', SILENT_STATES)
          .orderBy('id')
          .execute({ signal });
        const { source, revision } = await tx
          .selectFrom('registry_state')
          .select(['source', 'revision'])
          .where('id', '=', 1)
          .executeTakeFirstOrThrow({ signal });
        const settingsOf = await fetchPublishedSettings(tx, signal);
        const proxies = rows.map(registrationOf).map((proxy) => ({ ...proxy, ...settingsOf(proxy) }));
        return { proxies, source, revision };
      }),
  );
}
