import type { PasswordPlugin } from '@proxywatch/core/domain/control/desired-state';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { NewPassword } from '@proxywatch/core/drivers/dcdb/accounts/account-writes';
import { hashPassword, parsePasswordForm } from '@proxywatch/core/drivers/proxysql/control/password-hash';
import type { SecretBox } from '@proxywatch/core/ports/secret-box';

export interface PasswordInput {
  readonly password?: string | undefined;
  readonly passwordHash?: string | undefined;
  readonly plugin?: PasswordPlugin | undefined;
}

export const DEFAULT_PLUGIN: PasswordPlugin = 'mysql_native_password';

/** What is kept of a password: its hash, and a keyed digest where the clear text was given. */
export async function readPassword(
  secrets: SecretBox,
  { password, passwordHash, plugin }: PasswordInput,
  signal: AbortSignal,
): Promise<NewPassword> {
  if (password !== undefined) {
    const hashed = hashPassword(plugin ?? DEFAULT_PLUGIN, password);
    return { password: hashed, fingerprint: await fingerprintOf(secrets, password, signal) };
  }
  const form = parsePasswordForm(passwordHash ?? '');
  if (form.kind !== 'hash') throw new ProxywatchError('INTERNAL', 'a request without password or hash got through');
  return { password: form.password, fingerprint: null };
}

/** Keyed: whoever reads the DCDB cannot try passwords out. What it is of is part of it. */
export function fingerprintOf(secrets: SecretBox, password: string, signal: AbortSignal): Promise<string> {
  return secrets.fingerprint(`account-password:${password}`, signal);
}
