import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { PasswordHash, PasswordPlugin } from '../../../domain/control/desired-state.ts';
import { ProxywatchError } from '../../../domain/errors.ts';
import { CRYPT_CHARACTERS, sha256Crypt } from './sha256-crypt.ts';

/** Bytes of UTF-8; MySQL hashes no longer ones. */
export const LONGEST_PASSWORD_BYTES = 256;

const NATIVE = /^\*[0-9A-F]{40}$/i;
const SHA2_PREFIX = '$A$005$';
const SALT_BYTES = 20;

/** What a text is where a password stands in ProxySQL's tables. */
export type PasswordForm =
  | { readonly kind: 'hash'; readonly password: PasswordHash }
  | { readonly kind: 'clear'; readonly clearText: string }
  /** Begins like a hash, so that ProxySQL takes it for one, but is none that anybody could log in with. */
  | { readonly kind: 'malformed'; readonly reason: string };

/**
 * A password as servers keep it: `*` and SHA1(SHA1(password)) in upper-case hex, or `$A$005$`, a salt of 20 bytes and the
 * SHA-256 crypt (some 10 ms of work). Throws REQUEST_INVALID for an empty one, one with a NUL or one beyond 256 bytes.
 */
export function hashPassword(plugin: PasswordPlugin, clearText: string): PasswordHash {
  const problem = passwordProblemOf(clearText);
  if (problem !== undefined) throw new ProxywatchError('REQUEST_INVALID', problem);
  return { plugin, hash: plugin === 'mysql_native_password' ? nativeHash(clearText) : sha2Hash(clearText, newSalt()) };
}

/** Whether the hash is of that password. */
export function verifyPassword({ plugin, hash: stored }: PasswordHash, clearText: string): boolean {
  if (passwordProblemOf(clearText) !== undefined) return false;
  const form = parsePasswordForm(stored);
  if (form.kind !== 'hash' || form.password.plugin !== plugin) return false;
  if (plugin === 'mysql_native_password') return isEqual(nativeHash(clearText), form.password.hash);
  return isEqual(sha2Hash(clearText, saltOf(stored)), stored);
}

export function parsePasswordForm(text: string): PasswordForm {
  if (NATIVE.test(text)) {
    return { kind: 'hash', password: { plugin: 'mysql_native_password', hash: text.toUpperCase() } };
  }
  if (text.startsWith('*')) return { kind: 'malformed', reason: 'a native hash is * and 40 hex digits' };
  if (!text.startsWith('$A$')) return { kind: 'clear', clearText: text };
  const bytes = Buffer.from(text);
  const digest = bytes.toString('latin1', SHA2_PREFIX.length + SALT_BYTES);
  const isWhole = text.startsWith(SHA2_PREFIX) && digest.length === CRYPT_CHARACTERS && /^[./0-9A-Za-z]+$/.test(digest);
  return isWhole
    ? { kind: 'hash', password: { plugin: 'caching_sha2_password', hash: text } }
    : {
        kind: 'malformed',
        reason: `a caching_sha2 hash is ${SHA2_PREFIX}, ${SALT_BYTES} bytes of salt and ${CRYPT_CHARACTERS} characters`,
      };
}

/** Why a text cannot be a password, for people; it never repeats the text. */
export function passwordProblemOf(clearText: string): string | undefined {
  if (clearText === '') return 'a password is not empty';
  if (clearText.includes('\0')) return 'a password has no NUL character';
  if (!clearText.isWellFormed()) return 'a password has no half of a surrogate pair';
  if (Buffer.byteLength(clearText) > LONGEST_PASSWORD_BYTES) {
    return `a password has at most ${LONGEST_PASSWORD_BYTES} bytes`;
  }
  return undefined;
}

function nativeHash(clearText: string): string {
  return `*${hash('sha1', hash('sha1', clearText, 'buffer')).toUpperCase()}`;
}

function sha2Hash(clearText: string, salt: Buffer): string {
  return `${SHA2_PREFIX}${salt.toString()}${sha256Crypt(Buffer.from(clearText), salt)}`;
}

function saltOf(stored: string): Buffer {
  return Buffer.from(stored).subarray(SHA2_PREFIX.length, SHA2_PREFIX.length + SALT_BYTES);
}

// Seven-bit bytes, control characters among them as MySQL makes them, but neither NUL nor the separator.
function newSalt(): Buffer {
  return randomBytes(SALT_BYTES).map((byte) => {
    const seven = byte & 0x7f;
    return seven === 0 || seven === 0x24 ? seven + 1 : seven;
  }) as Buffer;
}

function isEqual(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
