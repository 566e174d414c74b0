import type { ConfigRow, FieldValue } from '@proxywatch/core/domain/control/config-rows';
import type { PasswordPlugin } from '@proxywatch/core/domain/control/desired-state';
import { parsePasswordForm, passwordProblemOf } from '@proxywatch/core/drivers/proxysql/control/password-hash';
import { z } from 'zod';
import { ACCOUNT_DEFAULTS, accountFields, username } from './account-fields.ts';
import type { PasswordInput } from './password-input.ts';

/** What can be taken over of a user of a proxy, or why nothing can. */
export type ProxyUser =
  | {
      readonly kind: 'account';
      readonly username: string;
      readonly fields: ImportedFields;
      readonly password: PasswordInput;
    }
  | { readonly kind: 'unfit'; readonly username: string; readonly reason: string };

const importedFields = z.object({
  defaultHostgroup: accountFields.defaultHostgroup,
  defaultSchema: accountFields.defaultSchema,
  schemaLocked: accountFields.schemaLocked,
  transactionPersistent: accountFields.transactionPersistent,
  fastForward: accountFields.fastForward,
  maxConnections: accountFields.maxConnections,
  useSsl: accountFields.useSsl,
  active: accountFields.active,
  comment: accountFields.comment,
});
type ImportedFields = z.infer<typeof importedFields> &
  Omit<typeof ACCOUNT_DEFAULTS, keyof z.infer<typeof importedFields>>;

/** A row of users, by the columns of ProxySQL's mysql_users. `plugin`: what clear text is to be hashed for. */
export function proxyUserOf({ fields }: ConfigRow, plugin: PasswordPlugin): ProxyUser {
  const name = fields.username ?? '';
  const unfit = (reason: string): ProxyUser => ({ kind: 'unfit', username: name, reason });
  if (fields.frontend !== '1') return unfit('no client can log in as it: it is for back ends only');
  if (!username().safeParse(name).success) return unfit('a name that accounts cannot have');
  const password = passwordOf(fields.password ?? '', plugin);
  if ('reason' in password) return unfit(password.reason);
  const read = importedFields.safeParse({
    defaultHostgroup: numberOf(fields.default_hostgroup),
    defaultSchema: fields.default_schema || null,
    schemaLocked: fields.schema_locked === '1',
    transactionPersistent: fields.transaction_persistent === '1',
    fastForward: fields.fast_forward === '1',
    maxConnections: numberOf(fields.max_connections),
    useSsl: fields.use_ssl === '1',
    active: fields.active !== '0',
    comment: fields.comment ?? '',
  });
  if (read.success) return { kind: 'account', username: name, fields: { ...ACCOUNT_DEFAULTS, ...read.data }, password };
  const wrong = new Set(read.error.issues.map(({ path }) => String(path[0])));
  return unfit(`values that accounts cannot have: ${[...wrong].join(', ')}`);
}

function passwordOf(text: string, plugin: PasswordPlugin): PasswordInput | { readonly reason: string } {
  if (text === '') return { reason: 'an empty password' };
  const form = parsePasswordForm(text);
  if (form.kind === 'malformed') return { reason: 'a password hash that is none' };
  if (form.kind === 'hash') return { passwordHash: form.password.hash };
  return passwordProblemOf(text) === undefined
    ? { password: text, plugin }
    : { reason: 'a password that MySQL cannot have' };
}

function numberOf(value: FieldValue | undefined): number {
  return typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
}
