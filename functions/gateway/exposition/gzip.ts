import { setImmediate } from 'node:timers/promises';
import { constants, crc32, deflateRawSync } from 'node:zlib';
import { type Body, viewOf } from './chunk.ts';
import { crc32Combine, crc32Shift } from './crc32.ts';

/** Bytes as deflate blocks that can stand between others: flushed to a whole byte, without a reference to what is before. */
export interface Packed {
  readonly bytes: Buffer;
  readonly crc: number;
  /** See `crc32Shift`. */
  readonly shift: number;
}

export interface GzipOptions {
  /** zlib's level. @default - 2: on expositions as fast as 1, and 6 % smaller */
  readonly level?: number;
  /** How long the event loop may be held before others get their turn. @default - 4 */
  readonly sliceMs?: number;
}

/**
 * One gzip member of all bodies (`curl --compressed` refuses several). Only bodies that changed since they were last
 * packed are compressed. They must not change while this runs: pin them.
 */
export async function gzip(bodies: Iterable<Body>, { level = 2, sliceMs = 4 }: GzipOptions = {}): Promise<Buffer[]> {
  const member: Buffer[] = [HEADER];
  let crc = 0;
  let length = 0;
  let sliceEnd = performance.now() + sliceMs;
  for (const body of bodies) {
    if (body.packed === undefined && performance.now() >= sliceEnd) {
      await setImmediate();
      sliceEnd = performance.now() + sliceMs;
    }
    body.packed ??= pack(viewOf(body), level);
    body.asked = true;
    member.push(body.packed.bytes);
    crc = crc32Combine(crc, body.packed.crc, body.packed.shift);
    length += body.length;
  }
  member.push(trailer(crc, length));
  return member;
}

function pack(bytes: Buffer, level: number): Packed {
  const packed = deflateRawSync(bytes, { level, ...SMALL_STATE, finishFlush: constants.Z_FULL_FLUSH });
  // zlib's answer is a view of a larger buffer, all of which would be kept.
  const exact = Buffer.allocUnsafeSlow(packed.length);
  packed.copy(exact);
  return { bytes: exact, crc: crc32(bytes), shift: crc32Shift(bytes.length) };
}

/**
 * A quarter of the usual 256 kB that each call takes and leaves to the garbage collector, which did a third of a gateway's
 * work: lines of an exposition resemble their neighbours, so a window of 8 kB compresses as well and as fast.
 */
const SMALL_STATE = { windowBits: 13, memLevel: 7 };

/** Deflate, no name, no time, system unknown. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);

function trailer(crc: number, length: number): Buffer {
  const bytes = Buffer.alloc(10);
  // An empty last block: all the others say that more follows.
  bytes[0] = 0x03;
  bytes.writeUInt32LE(crc, 2);
  bytes.writeUInt32LE(length % 2 ** 32, 6);
  return bytes;
}
