import { sql, type Transaction, type Updateable, type UpdateObject } from 'kysely';
import type { AccountSpec, PasswordHash } from '../../../domain/control/desired-state.ts';
import { ProxywatchError } from '../../../domain/errors.ts';
import { accessDcdb } from '../dcdb-error.ts';
import type { AccountsTable } from '../desired-tables.ts';
import type { DcdbTables } from '../tables.ts';

/** What can be changed; `active` is what somebody decides, whether it has expired or not. */
export interface AccountFields extends Omit<AccountSpec, 'username' | 'password'> {
  readonly owner: string;
  readonly expiresAt: Date | null;
}

export interface NewAccount extends AccountFields, NewPassword {
  readonly id: string;
  readonly namespace: string;
  readonly username: string;
}

export interface NewPassword {
  readonly password: PasswordHash;
  /** Keyed digest of the clear text; `null`: that was never seen. */
  readonly fingerprint: string | null;
}

/** Rejects with CONFLICT when the namespace has an account of that name. */
export function insertAccount(tx: Transaction<DcdbTables>, account: NewAccount, signal?: AbortSignal): Promise<void> {
  const { id, namespace, username, password, fingerprint, ...fields } = account;
  return accessDcdb(async () => {
    try {
      await tx
        .insertInto('accounts')
        .values({
          id,
          namespace,
          username,
          default_hostgroup: fields.defaultHostgroup,
          ...columnsOf(fields),
          ...passwordColumns({ password, fingerprint }),
          allowed_ips: JSON.stringify(fields.allowedIps),
        })
        .execute({ signal });
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      throw new ProxywatchError('CONFLICT', `the namespace ${namespace} has an account ${username} already`);
    }
  });
}

/** Changes these fields and raises the revision. */
export function updateAccount(
  tx: Transaction<DcdbTables>,
  id: string,
  changes: Partial<AccountFields>,
  signal?: AbortSignal,
): Promise<void> {
  return update(tx, id, columnsOf(changes), signal);
}

/** Another password; raises the revision. */
export function updatePassword(
  tx: Transaction<DcdbTables>,
  id: string,
  password: NewPassword,
  signal?: AbortSignal,
): Promise<void> {
  const columns = { ...passwordColumns(password), password_changed_at: sql<Date>`current_timestamp(6)` };
  return update(tx, id, columns, signal);
}

export function deleteAccount(tx: Transaction<DcdbTables>, id: string, signal?: AbortSignal): Promise<void> {
  return accessDcdb(async () => {
    await tx.deleteFrom('accounts').where('id', '=', id).execute({ signal });
  });
}

function update(
  tx: Transaction<DcdbTables>,
  id: string,
  columns: UpdateObject<DcdbTables, 'accounts'>,
  signal: AbortSignal | undefined,
): Promise<void> {
  return accessDcdb(async () => {
    await tx
      .updateTable('accounts')
      .set((eb) => ({ ...columns, revision: eb('revision', '+', 1) }))
      .where('id', '=', id)
      .execute({ signal });
  });
}

function columnsOf(fields: Partial<AccountFields>): Updateable<AccountsTable> {
  const { allowedIps } = fields;
  return {
    default_hostgroup: fields.defaultHostgroup,
    default_schema: fields.defaultSchema,
    schema_locked: flag(fields.schemaLocked),
    transaction_persistent: flag(fields.transactionPersistent),
    fast_forward: flag(fields.fastForward),
    max_connections: fields.maxConnections,
    use_ssl: flag(fields.useSsl),
    access: fields.access,
    allowed_ips: allowedIps && JSON.stringify(allowedIps),
    active: flag(fields.active),
    owner: fields.owner,
    comment: fields.comment,
    expires_at: fields.expiresAt,
  };
}

function passwordColumns({ password, fingerprint }: NewPassword) {
  const { plugin, hash } = password;
  return { plugin, password_hash: Buffer.from(hash), password_fingerprint: fingerprint };
}

function flag(value: boolean | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function isDuplicate(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ER_DUP_ENTRY';
}
