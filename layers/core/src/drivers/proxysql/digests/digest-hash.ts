// SpookyHash V2 (Bob Jenkins, public domain), 64 bits, seed 0: the function behind the proxy's digest column, as the
// recordings show. Runs once per new text, hence plain BigInt arithmetic.
const MASK = 0xffff_ffff_ffff_ffffn;
const CONST = 0xdead_beef_dead_beefn;
const LONG_FROM_BYTES = 192;
const BLOCK_BYTES = 96;

/** `0x` and 16 upper-case hexadecimal digits. */
export function digestOf(text: string): string {
  const bytes = Buffer.from(text);
  const hash = bytes.length < LONG_FROM_BYTES ? shortHash(bytes) : longHash(bytes);
  return `0x${hash.toString(16).toUpperCase().padStart(16, '0')}`;
}

type Words = bigint[];

const word = (words: Words, index: number): bigint => words[index] ?? 0n;
const rotate = (value: bigint, by: bigint): bigint => ((value << by) | (value >> (64n - by))) & MASK;

const SHORT_MIX: readonly (readonly [number, number, bigint])[] = [
  [2, 3, 50n],
  [3, 0, 52n],
  [0, 1, 30n],
  [1, 2, 41n],
  [2, 3, 54n],
  [3, 0, 48n],
  [0, 1, 38n],
  [1, 2, 37n],
  [2, 3, 62n],
  [3, 0, 34n],
  [0, 1, 5n],
  [1, 2, 36n],
];

function shortMix(h: Words): void {
  for (const [a, b, by] of SHORT_MIX) {
    h[a] = (rotate(word(h, a), by) + word(h, b)) & MASK;
    h[(a + 2) % 4] = word(h, (a + 2) % 4) ^ word(h, a);
  }
}

const SHORT_END: readonly (readonly [number, number, bigint])[] = [
  [3, 2, 15n],
  [0, 3, 52n],
  [1, 0, 26n],
  [2, 1, 51n],
  [3, 2, 28n],
  [0, 3, 9n],
  [1, 0, 47n],
  [2, 1, 54n],
  [3, 2, 32n],
  [0, 3, 25n],
  [1, 0, 63n],
];

function shortHash(bytes: Buffer): bigint {
  const h: Words = [0n, 0n, CONST, CONST];
  let at = 0;
  for (; at + 32 <= bytes.length; at += 32) {
    h[2] = (word(h, 2) + bytes.readBigUInt64LE(at)) & MASK;
    h[3] = (word(h, 3) + bytes.readBigUInt64LE(at + 8)) & MASK;
    shortMix(h);
    h[0] = (word(h, 0) + bytes.readBigUInt64LE(at + 16)) & MASK;
    h[1] = (word(h, 1) + bytes.readBigUInt64LE(at + 24)) & MASK;
  }
  if (bytes.length - at >= 16) {
    h[2] = (word(h, 2) + bytes.readBigUInt64LE(at)) & MASK;
    h[3] = (word(h, 3) + bytes.readBigUInt64LE(at + 8)) & MASK;
    shortMix(h);
    at += 16;
  }
  const rest = Buffer.alloc(16);
  bytes.copy(rest, 0, at);
  const left = bytes.length - at;
  h[3] = (word(h, 3) + (BigInt(bytes.length) << 56n)) & MASK;
  h[2] = (word(h, 2) + (left === 0 ? CONST : rest.readBigUInt64LE(0))) & MASK;
  h[3] = (word(h, 3) + (left === 0 ? CONST : rest.readBigUInt64LE(8))) & MASK;
  for (const [a, b, by] of SHORT_END) {
    const other = word(h, b);
    h[b] = rotate(other, by);
    h[a] = ((word(h, a) ^ other) + word(h, b)) & MASK;
  }
  return word(h, 0);
}

const MIX_ROTATIONS = [11n, 32n, 43n, 31n, 17n, 28n, 39n, 57n, 55n, 54n, 22n, 46n] as const;
const END_ROTATIONS = [44n, 15n, 34n, 21n, 38n, 33n, 10n, 13n, 38n, 53n, 42n, 54n] as const;

function longHash(bytes: Buffer): bigint {
  const h: Words = [0n, 0n, CONST, 0n, 0n, CONST, 0n, 0n, CONST, 0n, 0n, CONST];
  let at = 0;
  for (; at + BLOCK_BYTES <= bytes.length; at += BLOCK_BYTES) mixBlock(h, bytes, at);
  const rest = Buffer.alloc(BLOCK_BYTES);
  bytes.copy(rest, 0, at);
  rest[BLOCK_BYTES - 1] = bytes.length - at;
  for (let i = 0; i < 12; i += 1) h[i] = (word(h, i) + rest.readBigUInt64LE(i * 8)) & MASK;
  for (let round = 0; round < 3; round += 1) endPartial(h);
  return word(h, 0);
}

function mixBlock(h: Words, bytes: Buffer, at: number): void {
  MIX_ROTATIONS.forEach((by, i) => {
    const left = (i + 11) % 12;
    h[i] = (word(h, i) + bytes.readBigUInt64LE(at + i * 8)) & MASK;
    h[(i + 2) % 12] = word(h, (i + 2) % 12) ^ word(h, (i + 10) % 12);
    h[left] = word(h, left) ^ word(h, i);
    h[i] = rotate(word(h, i), by);
    h[left] = (word(h, left) + word(h, (i + 1) % 12)) & MASK;
  });
}

function endPartial(h: Words): void {
  END_ROTATIONS.forEach((by, i) => {
    const [a, b, c] = [(i + 11) % 12, (i + 1) % 12, (i + 2) % 12];
    h[a] = (word(h, a) + word(h, b)) & MASK;
    h[c] = word(h, c) ^ word(h, a);
    h[b] = rotate(word(h, b), by);
  });
}
