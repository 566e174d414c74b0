import type { Transaction } from 'kysely';
import { messageOf } from '../../../domain/errors.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';
import type { DcdbTables } from '../tables.ts';

const ATTEMPTS = 4;

/** One transaction, again when the DCDB chose it to end a deadlock. */
export async function inTransaction<T>(db: Dcdb, work: (tx: Transaction<DcdbTables>) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await accessDcdb(() => db.transaction().execute(work));
    } catch (error) {
      if (attempt >= ATTEMPTS || !/deadlock/i.test(messageOf(error))) throw error;
    }
  }
}
