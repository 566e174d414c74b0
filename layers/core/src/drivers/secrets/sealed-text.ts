import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { ProxywatchError } from '../../domain/errors.ts';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts with AES-256-GCM; only the same key and context open it again. */
export function encryptText(key: Buffer, text: string, context: string): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(context));
  const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), encrypted]);
}

/** Throws RECORD_DAMAGED for what was not sealed with this key for this context. */
export function decryptText(key: Buffer, sealed: Buffer, context: string): string {
  if (sealed.length < IV_BYTES + TAG_BYTES) throw damaged();
  const iv = sealed.subarray(0, IV_BYTES);
  const tag = sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
  const decipher = createDecipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(context)).setAuthTag(tag);
  try {
    const text = Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
    return text.toString('utf8');
  } catch {
    throw damaged();
  }
}

/** The parts behind the name of a form: `l1.<part>`. Throws RECORD_DAMAGED for another form. */
export function sealedParts(sealed: string, form: string, count: number): readonly Buffer[] {
  const [found, ...parts] = sealed.split('.');
  if (found !== form || parts.length !== count || !parts.every((part) => /^[\w-]+$/.test(part))) throw damaged();
  return parts.map((part) => Buffer.from(part, 'base64url'));
}

/** Says nothing of what it is: it may be a secret in clear text. */
export function damaged(): ProxywatchError {
  return new ProxywatchError(
    'RECORD_DAMAGED',
    'what was sealed cannot be opened: another key, another context, or changed',
  );
}
