import type { Transaction } from 'kysely';
import { flagOf, stringsOf } from './column-values.ts';
import type { Dcdb } from './create-dcdb.ts';
import { accessDcdb } from './dcdb-error.ts';
import type { DcdbTables } from './tables.ts';

export interface NamespaceRecord {
  readonly name: string;
  readonly description: string;
  readonly online: boolean;
  readonly readOnly: boolean;
  readonly owner: string;
  readonly tags: readonly string[];
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface NamespaceRegistration {
  readonly name: string;
  readonly description: string;
  readonly owner: string;
  readonly tags: readonly string[];
}

/** All namespaces by name. */
export function fetchNamespaces(db: Dcdb, signal?: AbortSignal): Promise<readonly NamespaceRecord[]> {
  return accessDcdb(async () => {
    const rows = await db
      .selectFrom('namespaces')
      .select(['name', 'description', 'online', 'read_only', 'owner', 'tags', 'revision', 'created_at', 'updated_at'])
      .orderBy('name')
      .execute({ signal });
    return rows.map((row) => ({
      name: row.name,
      description: row.description,
      online: flagOf(row.online),
      readOnly: flagOf(row.read_only),
      owner: row.owner,
      tags: stringsOf(row.tags, 'namespaces.tags'),
      revision: row.revision,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    }));
  });
}

/** Creates the namespace, or gives it this description, owner and tags; the revision rises only if that is a change. */
export function registerNamespace(db: Dcdb, wanted: NamespaceRegistration, signal?: AbortSignal): Promise<void> {
  return accessDcdb(() =>
    db.transaction().execute(async (tx) => {
      await addMissingNamespaces(tx, [wanted.name], signal);
      const held = await tx
        .selectFrom('namespaces')
        .select(['description', 'owner', 'tags'])
        .where('name', '=', wanted.name)
        .forUpdate()
        .executeTakeFirstOrThrow({ signal });
      const tags = JSON.stringify(wanted.tags);
      const heldTags = JSON.stringify(stringsOf(held.tags, 'namespaces.tags'));
      if (held.description === wanted.description && held.owner === wanted.owner && heldTags === tags) return;
      await tx
        .updateTable('namespaces')
        .set((eb) => ({
          description: wanted.description,
          owner: wanted.owner,
          tags,
          revision: eb('revision', '+', 1),
        }))
        .where('name', '=', wanted.name)
        .execute({ signal });
    }),
  );
}

/** Namespaces that proxies are registered into come into being with them. */
export async function addMissingNamespaces(
  tx: Transaction<DcdbTables>,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const rows = [...new Set(names)].toSorted().map((name) => ({ name, tags: '[]' }));
  if (rows.length > 0) await tx.insertInto('namespaces').ignore().values(rows).execute({ signal });
}
