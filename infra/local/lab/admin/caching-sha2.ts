import { createHash, randomBytes } from 'node:crypto';
import { ProxywatchError } from '@proxywatch/core/domain/errors';

const SALT_BYTES = 20;
// The third field of the stored form counts thousands of rounds.
const ROUNDS = 5000;
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The stored form of a caching_sha2_password account, `$A$005$<salt><hash>`. Errors: CONFIG_INVALID for a salt of other than 20 bytes. */
export function cachingSha2Password(password: string, salt: Buffer = randomSalt()): Buffer {
  if (salt.length !== SALT_BYTES)
    throw new ProxywatchError('CONFIG_INVALID', `a salt has 20 bytes, not ${salt.length}`);
  const hash = encode(sha256Crypt(Buffer.from(password), salt));
  return Buffer.concat([Buffer.from('$A$005$'), salt, Buffer.from(hash)]);
}

/** Seven-bit bytes, control characters among them as in MySQL, but neither NUL nor the separator. */
function randomSalt(): Buffer {
  return Buffer.from(
    randomBytes(SALT_BYTES).map((byte) => ((byte & 0x7f) === 0 || (byte & 0x7f) === 0x24 ? 1 : byte & 0x7f)),
  );
}

/** Drepper's SHA-256 crypt, except that the salt is not cut at 16 bytes. */
function sha256Crypt(key: Buffer, salt: Buffer): Buffer {
  const alternate = sha256(key, salt, key);
  const parts = [key, salt, repeated(alternate, key.length)];
  for (let bits = key.length; bits > 0; bits >>= 1) parts.push(bits & 1 ? alternate : key);
  let digest = sha256(...parts);
  const p = repeated(sha256(...Array<Buffer>(key.length).fill(key)), key.length);
  const s = repeated(sha256(...Array<Buffer>(16 + (digest[0] ?? 0)).fill(salt)), salt.length);
  for (let round = 0; round < ROUNDS; round++) {
    const input = [round & 1 ? p : digest];
    if (round % 3 !== 0) input.push(s);
    if (round % 7 !== 0) input.push(p);
    input.push(round & 1 ? digest : p);
    digest = sha256(...input);
  }
  return digest;
}

/** crypt's own base 64 over groups of three bytes that are ten apart and turn by one from group to group. */
function encode(digest: Buffer): string {
  let text = '';
  for (let i = 0; i < 10; i++) {
    const group = [(i * 21) % 30, (i * 21 + 10) % 30, (i * 21 + 20) % 30];
    text += base64(
      group.map((index) => digest[index] ?? 0),
      4,
    );
  }
  return text + base64([0, digest[31] ?? 0, digest[30] ?? 0], 3);
}

function base64(bytes: readonly number[], characters: number): string {
  let value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  let text = '';
  for (let i = 0; i < characters; i++) {
    text += ALPHABET[value & 0x3f];
    value >>= 6;
  }
  return text;
}

const repeated = (block: Buffer, length: number): Buffer => Buffer.alloc(length, block);

function sha256(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
