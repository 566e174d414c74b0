/** A payload of this many bytes or more goes out in several packets, the last of them shorter (maybe empty). */
export const MAX_PAYLOAD = 0xffffff;

const CHUNK_BYTES = 64 * 1024;
const HEADER_BYTES = 4;
const EMPTY = Buffer.alloc(0);
// A string of so many UTF-16 units takes at most 250 bytes of UTF-8, so its length fits the one-byte form.
const SHORT_STRING = 83;

/**
 * Writes MySQL packets one after the other into large chunks. mysql2's own writer makes a buffer and a write of every
 * packet, and leaves out the empty packet that must follow a payload of exactly a multiple of 16 MB.
 */
export class PacketWriter {
  readonly #send: (chunk: Buffer) => void;
  #sequence: number;
  #buffer: Buffer = EMPTY;
  #used = 0;
  #start = 0;

  constructor(send: (chunk: Buffer) => void, firstSequence: number) {
    this.#send = send;
    this.#sequence = firstSequence;
  }

  /** One packet whose payload `write` puts together by the methods below. */
  packet(write: () => void): void {
    this.#start = this.#used;
    this.#ensure(HEADER_BYTES);
    this.#used += HEADER_BYTES;
    write();
    const length = this.#used - this.#start - HEADER_BYTES;
    if (length >= MAX_PAYLOAD) this.#split();
    else this.#header(this.#buffer, this.#start, length);
    if (this.#used >= CHUNK_BYTES) this.flush();
  }

  int(value: number, bytes: number): void {
    this.#ensure(bytes);
    this.#used = this.#buffer.writeUIntLE(value, this.#used, bytes);
  }

  lengthEncoded(value: number): void {
    if (value < 251) this.int(value, 1);
    else if (value < 0x10000) this.#prefixed(0xfc, value, 2);
    else if (value < 0x1000000) this.#prefixed(0xfd, value, 3);
    else {
      this.#prefixed(0xfe, value % 0x100000000, 4);
      this.int(Math.floor(value / 0x100000000), 4);
    }
  }

  /** Bytes to the end of the packet, without a length. */
  rest(text: string): void {
    this.bytes(Buffer.from(text));
  }

  bytes(bytes: Uint8Array): void {
    this.#ensure(bytes.length);
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  /** A length-encoded string, or NULL. */
  value(value: string | Uint8Array | null): void {
    if (value === null) this.int(0xfb, 1);
    else if (typeof value !== 'string') {
      this.lengthEncoded(value.length);
      this.bytes(value);
    } else if (value.length <= SHORT_STRING) {
      this.#ensure(1 + SHORT_STRING * 3);
      const length = this.#buffer.write(value, this.#used + 1);
      this.#buffer[this.#used] = length;
      this.#used += 1 + length;
    } else {
      const length = Buffer.byteLength(value);
      this.lengthEncoded(length);
      this.#ensure(length);
      this.#used += this.#buffer.write(value, this.#used);
    }
  }

  flush(): void {
    if (this.#used === 0) return;
    this.#send(this.#buffer.subarray(0, this.#used));
    this.#buffer = EMPTY;
    this.#used = 0;
  }

  #prefixed(marker: number, value: number, bytes: number): void {
    this.int(marker, 1);
    this.int(value, bytes);
  }

  #header(target: Buffer, offset: number, length: number): void {
    target.writeUIntLE(length, offset, 3);
    target[offset + 3] = this.#sequence;
    this.#sequence = (this.#sequence + 1) % 256;
  }

  #split(): void {
    const payload = this.#buffer.subarray(this.#start + HEADER_BYTES, this.#used);
    const before = this.#buffer.subarray(0, this.#start);
    if (before.length > 0) this.#send(before);
    for (let offset = 0; offset <= payload.length; offset += MAX_PAYLOAD) {
      const part = payload.subarray(offset, offset + MAX_PAYLOAD);
      const header = Buffer.allocUnsafe(HEADER_BYTES);
      this.#header(header, 0, part.length);
      this.#send(header);
      if (part.length > 0) this.#send(part);
    }
    this.#buffer = EMPTY;
    this.#used = 0;
  }

  #ensure(bytes: number): void {
    const needed = this.#used + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, CHUNK_BYTES, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#used);
    this.#buffer = grown;
  }
}
