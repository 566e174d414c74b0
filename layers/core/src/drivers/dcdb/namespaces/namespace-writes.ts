import { ProxywatchError } from '../../../domain/errors.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb, isDuplicateEntry } from '../dcdb-error.ts';
import type { SpecifiedNamespace } from './namespace-specs.ts';
import { encodeStoredSpec, type StoredSpec } from './stored-spec.ts';

/** All that can be decided about a namespace. */
export interface NamespaceFields extends StoredSpec {
  readonly description: string;
  readonly online: boolean;
  readonly readOnly: boolean;
  readonly owner: string;
  readonly tags: readonly string[];
}

/** Rejects with CONFLICT when there is one of this name. */
export function insertNamespace(tx: Dcdb, name: string, fields: NamespaceFields, signal?: AbortSignal): Promise<void> {
  return accessDcdb(async () => {
    try {
      await tx
        .insertInto('namespaces')
        .values({ name, ...columnsOf(fields) })
        .execute({ signal });
    } catch (error) {
      if (!isDuplicateEntry(error)) throw error;
      throw new ProxywatchError('CONFLICT', `there is a namespace ${name} already`);
    }
  });
}

/** Writes all fields and raises the revision. */
export function updateNamespace(tx: Dcdb, name: string, fields: NamespaceFields, signal?: AbortSignal): Promise<void> {
  return accessDcdb(async () => {
    await tx
      .updateTable('namespaces')
      .set((eb) => ({ ...columnsOf(fields), revision: eb('revision', '+', 1) }))
      .where('name', '=', name)
      .execute({ signal });
  });
}

/** With its revisions: another namespace of that name begins anew. */
export function deleteNamespace(tx: Dcdb, name: string, signal?: AbortSignal): Promise<void> {
  return accessDcdb(async () => {
    await tx.deleteFrom('namespace_revisions').where('namespace', '=', name).execute({ signal });
    await tx.deleteFrom('namespaces').where('name', '=', name).execute({ signal });
  });
}

export function fieldsOf({ description, owner, tags, spec }: SpecifiedNamespace): NamespaceFields {
  const { name: _, ...decided } = spec;
  return { description, owner, tags, ...decided };
}

function columnsOf({ description, online, readOnly, owner, tags, ...spec }: NamespaceFields) {
  return {
    description,
    online: Number(online),
    read_only: Number(readOnly),
    owner,
    tags: JSON.stringify(tags),
    spec: encodeStoredSpec(spec),
  };
}
