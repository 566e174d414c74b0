import type { OperationStore } from '../../../ports/operation-store.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';
import { decideOperation } from './decide-operation.ts';
import { deleteExpired } from './delete-expired.ts';
import { createGroupLeases } from './group-leases.ts';
import { inTransaction } from './in-transaction.ts';
import { fetchManagedRows } from './managed-rows.ts';
import { insertEvents } from './operation-events.ts';
import { fetchOperation } from './operation-repository.ts';
import { saveGroup } from './save-group.ts';

export function createDcdbOperationStore(db: Dcdb): OperationStore {
  return {
    ...createGroupLeases(db),
    fetchOperation: (id, signal) => fetchOperation(db, id, signal),
    decide: (id, decision, signal) => {
      signal?.throwIfAborted();
      return inTransaction(db, (tx) => decideOperation(tx, id, decision));
    },
    // What happened on a proxy is noted even when the time of whoever did it is over.
    saveGroup: (hold, from, change) => inTransaction(db, (tx) => saveGroup(tx, hold, from, change)),
    addEvents: (operationId, events) => accessDcdb(() => insertEvents(db, operationId, events)),
    fetchPreImage: (operationId, proxyId, signal) =>
      accessDcdb(async () => {
        const row = await db
          .selectFrom('pre_images')
          .select('sealed')
          .where('operation_id', '=', operationId)
          .where('proxy_id', '=', proxyId)
          .executeTakeFirst({ signal });
        return row?.sealed;
      }),
    fetchManagedRows: (proxyId, signal) => fetchManagedRows(db, proxyId, signal),
    deleteExpired: (historyMs, signal) => deleteExpired(db, historyMs, signal),
  };
}
