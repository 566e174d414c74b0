import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';

/** Whoever changes proxies holds this row first: writers queue here instead of meeting in deadlocks later. */
export function lockRegistry(tx: Dcdb, signal?: AbortSignal): Promise<void> {
  return accessDcdb(async () => {
    await tx
      .selectFrom('registry_state')
      .select('id')
      .where('id', '=', 1)
      .forUpdate()
      .executeTakeFirstOrThrow({ signal });
  });
}

/** There is something new to publish. */
export function raiseRegistryRevision(tx: Dcdb, signal?: AbortSignal): Promise<void> {
  return accessDcdb(async () => {
    await tx
      .updateTable('registry_state')
      .set((eb) => ({ revision: eb('revision', '+', 1) }))
      .where('id', '=', 1)
      .execute({ signal });
  });
}
