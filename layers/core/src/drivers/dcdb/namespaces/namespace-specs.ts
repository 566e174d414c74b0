import type { Selectable } from 'kysely';
import type { NamespaceSpec } from '../../../domain/control/desired-state.ts';
import { flagOf, stringsOf } from '../column-values.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';
import type { NamespaceRecord } from '../namespace-repository.ts';
import type { NamespaceTable } from '../tables.ts';
import { parseStoredSpec } from './stored-spec.ts';

export interface SpecifiedNamespace extends NamespaceRecord {
  readonly spec: NamespaceSpec;
}

export const NAMESPACE_COLUMNS = [
  'name',
  'description',
  'online',
  'read_only',
  'owner',
  'tags',
  'spec',
  'revision',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof NamespaceTable)[];

/**
 * A namespace with what is wanted of it; `undefined`: there is none of this name. `db` may be a transaction. Rejects with
 * STORE_UNAVAILABLE, and with RECORD_DAMAGED for a row that cannot be understood.
 */
export function fetchNamespaceSpec(
  db: Dcdb,
  name: string,
  signal?: AbortSignal,
): Promise<SpecifiedNamespace | undefined> {
  return accessDcdb(async () => {
    const row = await db
      .selectFrom('namespaces')
      .select(NAMESPACE_COLUMNS)
      .where('name', '=', name)
      .executeTakeFirst({ signal });
    return row && namespaceOf(row);
  });
}

/** As the row of a name, for whoever changes it: nobody else does until the transaction ends. */
export function lockNamespaceSpec(
  tx: Dcdb,
  name: string,
  signal?: AbortSignal,
): Promise<SpecifiedNamespace | undefined> {
  return accessDcdb(async () => {
    const row = await tx
      .selectFrom('namespaces')
      .select(NAMESPACE_COLUMNS)
      .where('name', '=', name)
      .forUpdate()
      .executeTakeFirst({ signal });
    return row && namespaceOf(row);
  });
}

export type NamespaceRow = Pick<Selectable<NamespaceTable>, (typeof NAMESPACE_COLUMNS)[number]>;

export function namespaceOf(row: NamespaceRow): SpecifiedNamespace {
  const [online, readOnly] = [flagOf(row.online), flagOf(row.read_only)];
  return {
    name: row.name,
    description: row.description,
    online,
    readOnly,
    owner: row.owner,
    tags: stringsOf(row.tags, 'namespaces.tags'),
    spec: { name: row.name, online, readOnly, ...parseStoredSpec(row.spec) },
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
