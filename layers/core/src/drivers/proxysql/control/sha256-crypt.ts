import { hash } from 'node:crypto';

// The third field of the stored form counts thousands of rounds.
const ROUNDS = 5000;
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Characters that a digest has in its printed form. */
export const CRYPT_CHARACTERS = 43;

/**
 * SHA-256 crypt (Drepper) as MySQL's caching_sha2_password uses it: 5,000 rounds, and the salt is not cut at 16 bytes.
 * Its work is quadratic in the length of the key at first, so the caller bounds that. Answers 43 characters.
 */
export function sha256Crypt(key: Buffer, salt: Buffer): string {
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
  return printed(digest);
}

/** crypt's own base 64 over groups of three bytes that lie ten apart and turn by one from group to group. */
function printed(digest: Buffer): string {
  const at = (index: number) => digest[index] ?? 0;
  let text = '';
  for (let group = 0; group < 10; group++) {
    const first = (group * 21) % 30;
    text += base64((at(first) << 16) | (at((first + 10) % 30) << 8) | at((first + 20) % 30), 4);
  }
  return text + base64((at(31) << 8) | at(30), 3);
}

function base64(bits: number, characters: number): string {
  let text = '';
  for (let i = 0; i < characters; i++) text += ALPHABET[(bits >> (6 * i)) & 0x3f];
  return text;
}

const repeated = (block: Buffer, length: number): Buffer => Buffer.alloc(length, block);

const sha256 = (...parts: readonly Buffer[]): Buffer => hash('sha256', Buffer.concat(parts), 'buffer');
