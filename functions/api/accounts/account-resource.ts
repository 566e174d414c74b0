import type { AccountRecord } from '@proxywatch/core/drivers/dcdb/accounts/account-repository';
import type { AccountAnswer } from './account-fields.ts';

/** An account as callers, the audit and stored answers see it: its password in no form. */
export function accountResource(record: AccountRecord): AccountAnswer {
  const { username, password, active: _, allowedIps, ...spec } = record.spec;
  return {
    id: record.id,
    namespace: record.namespace,
    username,
    plugin: password.plugin,
    ...spec,
    allowedIps: [...allowedIps],
    active: record.enabled,
    expired: record.expired,
    owner: record.owner,
    expiresAt: record.expiresAt?.toISOString() ?? null,
    passwordChangedAt: record.passwordChangedAt.toISOString(),
    clearTextSeen: record.fingerprint !== null,
    revision: record.revision,
    createdAt: record.createdAt.toISOString(),
    updatedAt: record.updatedAt.toISOString(),
  };
}
