import type { Packed } from './gzip.ts';

/**
 * Bytes as they are sent: never changed while pinned. What is derived from them (their compressed form, their form
 * without `_created` lines) is kept with them and void as soon as they change.
 */
export interface Body {
  bytes: Buffer;
  /** How many of the bytes are filled. */
  length: number;
  /** Responses that still need these bytes. */
  pins: number;
  packed: Packed | undefined;
  withoutCreated: Body | undefined;
  /** Whether the derived forms were asked for since `forgetIdle` looked last. */
  asked: boolean;
}

export function createBody(bytes: Buffer, length = bytes.length): Body {
  return { bytes, length, pins: 0, packed: undefined, withoutCreated: undefined, asked: false };
}

/** The filled bytes. */
export function viewOf(body: Body): Buffer {
  return body.length === body.bytes.length ? body.bytes : body.bytes.subarray(0, body.length);
}

/** Bytes of memory that a body takes, unused room and derived forms included. */
export function byteLengthOf({ bytes, packed, withoutCreated }: Body): number {
  const derived = withoutCreated === undefined ? 0 : byteLengthOf(withoutCreated);
  return bytes.length + (packed?.bytes.length ?? 0) + derived;
}

/** Forgets derived forms that nobody asked for since the last call: a scraper that left must not hold memory. */
export function forgetIdle(body: Body): void {
  if (!body.asked) body.packed = undefined;
  if (body.withoutCreated?.asked === false) body.withoutCreated = undefined;
  if (body.withoutCreated !== undefined) body.withoutCreated.asked = false;
  body.asked = false;
}

/** No series, or the end of a list of them. */
export const NONE = 0xffffffff;

/** A run of whole series, written in place. Its series form a list in the order of their bytes. */
export class Chunk {
  readonly index: number;
  /** Whether most of its series change often. */
  hot: boolean;
  body: Body;
  head = NONE;
  tail = NONE;
  /** Whether a removed series still has its bytes here. */
  dirty = false;
  /** Whether it waits for a sweep. */
  queued = false;
  /** Whether any of its series has a `_created` line. */
  created = false;
  /** Whether the body may not be written as it is: it is pinned, or something was derived from it. */
  shared = false;

  constructor(index: number, hot: boolean, capacity: number) {
    this.index = index;
    this.hot = hot;
    this.body = createBody(Buffer.allocUnsafeSlow(capacity), 0);
  }

  /** The bytes, for writing: a copy of them if a response still reads the old ones. */
  writable(): Buffer {
    if (this.shared) this.#unshare(this.body.bytes.length);
    return this.body.bytes;
  }

  /** Makes room for `extra` more bytes; full size is reached by doubling, since most families of a proxy are small. */
  reserve(extra: number, fullSize: number): Buffer {
    const needed = this.body.length + extra;
    const capacity = this.body.bytes.length;
    if (needed <= capacity) return this.writable();
    this.#unshare(needed > fullSize ? needed + SLACK : Math.min(fullSize, Math.max(needed, 2 * capacity)));
    return this.body.bytes;
  }

  #unshare(capacity: number): void {
    const { body } = this;
    this.shared = false;
    if (body.pins === 0 && capacity === body.bytes.length) {
      body.packed = undefined;
      body.withoutCreated = undefined;
      return;
    }
    const bytes = Buffer.allocUnsafeSlow(capacity);
    body.bytes.copy(bytes, 0, 0, body.length);
    // The pinned body keeps its old bytes and is forgotten with the last response that reads it.
    this.body = createBody(bytes, body.length);
  }
}

/** A chunk beyond its full size grows because values got wider: leave room for the next of them. */
const SLACK = 256;
