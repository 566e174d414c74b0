import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';
import { ACCOUNT_COLUMNS, type AccountRecord, accountOf, expiredNow } from './account-row.ts';

export type { AccountRecord } from './account-row.ts';

/** All accounts of a namespace by username. Those past their expiry come with `spec.active` false. */
export function fetchAccounts(db: Dcdb, namespace: string, signal?: AbortSignal): Promise<readonly AccountRecord[]> {
  return accessDcdb(async () => {
    const rows = await db
      .selectFrom('accounts')
      .select(ACCOUNT_COLUMNS)
      .select(expiredNow)
      .where('namespace', '=', namespace)
      .orderBy('username')
      .execute({ signal });
    return rows.map(accountOf);
  });
}

/** One account; with `lock` the transaction holds it until its end. */
export function fetchAccount(
  db: Dcdb,
  id: string,
  options: { readonly lock?: boolean; readonly signal?: AbortSignal } = {},
): Promise<AccountRecord | undefined> {
  const { lock = false, signal } = options;
  return accessDcdb(async () => {
    const row = await db
      .selectFrom('accounts')
      .select(ACCOUNT_COLUMNS)
      .select(expiredNow)
      .where('id', '=', id)
      .$if(lock, (query) => query.forUpdate())
      .executeTakeFirst({ signal });
    return row === undefined ? undefined : accountOf(row);
  });
}
