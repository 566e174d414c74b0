import { createHash } from 'node:crypto';

/** The form in which ProxySQL keeps a hashed password: `*` and SHA1(SHA1(pw)) in upper-case hex. */
export function mysqlNativePassword(password: string): string {
  return `*${sha1(sha1(Buffer.from(password)))
    .toString('hex')
    .toUpperCase()}`;
}

export function sha1(data: Buffer): Buffer {
  return createHash('sha1').update(data).digest();
}
