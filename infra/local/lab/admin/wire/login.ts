import { sha1 } from '../passwords.ts';

/** What a client proves its password with: mysql_native_password over the server's 20-byte seed. */
export interface LoginAttempt {
  readonly user: string;
  readonly seed: Buffer;
  /** Empty for an empty password. */
  readonly token: Buffer;
}

/** True when the token was made from `password`: SHA1(pw) xor SHA1(seed + SHA1(SHA1(pw))). */
export function provesPassword(attempt: LoginAttempt, password: string): boolean {
  if (password === '') return attempt.token.length === 0;
  const stage1 = sha1(Buffer.from(password));
  const mask = sha1(Buffer.concat([attempt.seed, sha1(stage1)]));
  return attempt.token.equals(Buffer.from(stage1.map((byte, i) => byte ^ (mask[i] ?? 0))));
}

/** `admin:admin;radmin:secret` as a map from user to password; entries without a colon do not count. */
export function parseCredentials(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(';').flatMap((entry) => {
    const colon = entry.indexOf(':');
    return colon > 0 ? [[entry.slice(0, colon).trim(), entry.slice(colon + 1).trim()] as const] : [];
  });
  return new Map(pairs);
}
