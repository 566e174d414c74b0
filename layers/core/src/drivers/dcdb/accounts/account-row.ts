import { type ExpressionBuilder, type Selectable, sql } from 'kysely';
import { type AccountSpec, PASSWORD_PLUGINS, type PasswordPlugin } from '../../../domain/control/desired-state.ts';
import { ProxywatchError } from '../../../domain/errors.ts';
import { flagOf, stringsOf } from '../column-values.ts';
import type { AccountsTable } from '../desired-tables.ts';
import type { DcdbTables } from '../tables.ts';

export interface AccountRecord {
  readonly id: string;
  readonly namespace: string;
  /** As it is to be on the proxies now: past `expiresAt` it is not active, whatever `enabled` says. */
  readonly spec: AccountSpec;
  /** What somebody decided, leaving aside that it may have expired. */
  readonly enabled: boolean;
  /** By the database's clock. */
  readonly expired: boolean;
  /** Keyed digest of the password; `null`: its clear text was never seen. */
  readonly fingerprint: string | null;
  readonly owner: string;
  /** `null`: never. */
  readonly expiresAt: Date | null;
  readonly passwordChangedAt: Date;
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export const ACCOUNT_COLUMNS = [
  'accounts.id',
  'accounts.namespace',
  'accounts.username',
  'accounts.plugin',
  'accounts.password_hash',
  'accounts.password_fingerprint',
  'accounts.password_changed_at',
  'accounts.default_hostgroup',
  'accounts.default_schema',
  'accounts.schema_locked',
  'accounts.transaction_persistent',
  'accounts.fast_forward',
  'accounts.max_connections',
  'accounts.use_ssl',
  'accounts.access',
  'accounts.allowed_ips',
  'accounts.active',
  'accounts.owner',
  'accounts.comment',
  'accounts.expires_at',
  'accounts.revision',
  'accounts.created_at',
  'accounts.updated_at',
] as const;

export type AccountRow = Selectable<AccountsTable> & { readonly expired: number | null };

/** Whether the account has expired, by the clock that all readers share; `null` when it never does. */
export function expiredNow(eb: ExpressionBuilder<DcdbTables, 'accounts'>) {
  return eb('accounts.expires_at', '<=', sql<Date>`current_timestamp(6)`).$castTo<number | null>().as('expired');
}

export function accountOf(row: AccountRow): AccountRecord {
  const expired = flagOf(row.expired ?? 0);
  const enabled = flagOf(row.active);
  return {
    id: row.id,
    namespace: row.namespace,
    spec: {
      username: row.username,
      password: { plugin: pluginOf(row.plugin), hash: row.password_hash.toString('utf8') },
      defaultHostgroup: row.default_hostgroup,
      defaultSchema: row.default_schema,
      schemaLocked: flagOf(row.schema_locked),
      transactionPersistent: flagOf(row.transaction_persistent),
      fastForward: flagOf(row.fast_forward),
      maxConnections: row.max_connections,
      useSsl: flagOf(row.use_ssl),
      access: row.access === 'ro' ? 'ro' : 'rw',
      allowedIps: stringsOf(row.allowed_ips, 'accounts.allowed_ips'),
      active: enabled && !expired,
      comment: row.comment,
    },
    enabled,
    expired,
    fingerprint: row.password_fingerprint,
    owner: row.owner,
    expiresAt: row.expires_at,
    passwordChangedAt: row.password_changed_at,
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function pluginOf(value: string): PasswordPlugin {
  const plugin = PASSWORD_PLUGINS.find((known) => known === value);
  if (plugin === undefined) {
    throw new ProxywatchError('RECORD_DAMAGED', 'dcdb holds an unexpected value in accounts.plugin');
  }
  return plugin;
}
