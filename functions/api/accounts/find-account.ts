import { type Caller, requireRole } from '@proxywatch/core/domain/access/caller';
import type { Role } from '@proxywatch/core/domain/access/role';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { type AccountRecord, fetchAccount } from '@proxywatch/core/drivers/dcdb/accounts/account-repository';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import type { DcdbTransaction } from '#api/api-request';
import { requireRevision } from '#api/conditions';

interface Asking {
  readonly caller: Caller;
  readonly signal: AbortSignal;
}

/** The account, if the caller has the role in its namespace; else NOT_FOUND or FORBIDDEN. */
export async function findAccount(
  db: Dcdb,
  id: string,
  role: Role,
  { caller, signal }: Asking,
): Promise<AccountRecord> {
  return permitted(await fetchAccount(db, id, { signal }), id, role, caller);
}

/** The same, held until the end of the transaction; STALE unless the caller knew its revision. */
export async function lockAccount(
  tx: DcdbTransaction,
  id: string,
  role: Role,
  { caller, signal, ifMatch }: Asking & { readonly ifMatch: number | undefined },
): Promise<AccountRecord> {
  const account = permitted(await fetchAccount(tx, id, { lock: true, signal }), id, role, caller);
  requireRevision(ifMatch, account.revision);
  return account;
}

/** As it is after a change in the same transaction. */
export async function reread(tx: DcdbTransaction, id: string, signal: AbortSignal): Promise<AccountRecord> {
  const account = await fetchAccount(tx, id, { signal });
  if (account === undefined) throw new ProxywatchError('INTERNAL', `the account ${id} is gone within its own change`);
  return account;
}

function permitted(account: AccountRecord | undefined, id: string, role: Role, caller: Caller): AccountRecord {
  if (account === undefined) throw new ProxywatchError('NOT_FOUND', `there is no account ${id}`);
  requireRole(caller, role, account.namespace, `account ${id}`);
  return account;
}
