import type { ConfigRow } from '../../../../domain/control/config-rows.ts';
import type { AccountSpec, DesiredState } from '../../../../domain/control/desired-state.ts';
import { userKey } from '../tables.ts';
import { ALIKE, HALVES } from '../user-halves.ts';
import type { Notes } from './notes.ts';
import { flag } from './rule-row.ts';

/** Rows of mysql_users: both halves of each account in one. */
export function renderAccounts({ accounts, namespace }: DesiredState, notes: Notes): readonly ConfigRow[] {
  for (const account of accounts) noteAccount(account, namespace.readWriteSplit, notes);
  return accounts.map((account) => ({
    key: userKey(account.username),
    fields: {
      username: account.username,
      password: account.password.hash,
      active: flag(account.active),
      use_ssl: flag(account.useSsl),
      default_hostgroup: String(account.defaultHostgroup),
      default_schema: account.defaultSchema,
      schema_locked: flag(account.schemaLocked),
      transaction_persistent: flag(account.transactionPersistent),
      fast_forward: flag(account.fastForward),
      frontend: '1',
      backend: '1',
      max_connections: String(account.maxConnections),
      comment: account.comment,
      [HALVES]: ALIKE,
    },
  }));
}

function noteAccount(account: AccountSpec, isSplit: boolean, notes: Notes): void {
  const note = (field: keyof AccountSpec) => notes.add(`account ${account.username}`, 'account', field);
  if (account.password.plugin === 'caching_sha2_password') note('password');
  if (account.schemaLocked) note('schemaLocked');
  if (account.fastForward) note('fastForward');
  if (account.access === 'ro') note('access');
  if (account.allowedIps.length > 0) note('allowedIps');
  if (isSplit && !account.transactionPersistent) note('transactionPersistent');
}
