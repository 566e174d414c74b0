import { MAX_PAYLOAD } from './packets.ts';

/** What a stream's packets are told to: the payload's head (whole if it is short), its length, the sequence number. */
export type PacketListener = (head: Buffer, length: number, sequence: number) => void;

const HEADER_BYTES = 4;

/**
 * Finds the packets in a stream of chunks. Of a payload only the first `headBytes` are kept, so that rows of many
 * megabytes pass without being collected; continuations of a payload of 16 MB are counted to its length.
 */
export class PacketSplitter {
  readonly #headBytes: number;
  readonly #onPacket: PacketListener;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerFilled = 0;
  #remaining = 0;
  #inPayload = false;
  #head: Buffer[] = [];
  #headFilled = 0;
  #length = 0;
  #packetBytes = 0;

  constructor(onPacket: PacketListener, headBytes: number = Number.POSITIVE_INFINITY) {
    this.#onPacket = onPacket;
    this.#headBytes = headBytes;
  }

  /** Bytes kept of a packet that has not ended yet. */
  get keptBytes(): number {
    return this.#headFilled;
  }

  /** Bytes of a packet that has not ended yet, header included, if it may turn out to start with `mark`. */
  pendingBytesOf(mark: number): number {
    const first = this.#head[0]?.[0];
    return first === undefined || first === mark ? this.#packetBytes : 0;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length || (this.#inPayload && this.#remaining === 0)) {
      if (!this.#inPayload) at = this.#readHeader(chunk, at);
      else at = this.#readPayload(chunk, at);
    }
  }

  #readHeader(chunk: Buffer, start: number): number {
    const wanted = HEADER_BYTES - this.#headerFilled;
    const end = Math.min(chunk.length, start + wanted);
    chunk.copy(this.#header, this.#headerFilled, start, end);
    this.#headerFilled += end - start;
    this.#packetBytes += end - start;
    if (this.#headerFilled === HEADER_BYTES) {
      this.#headerFilled = 0;
      this.#remaining = this.#header.readUIntLE(0, 3);
      this.#inPayload = true;
    }
    return end;
  }

  #readPayload(chunk: Buffer, start: number): number {
    const end = Math.min(chunk.length, start + this.#remaining);
    const kept = Math.min(end, start + this.#headBytes - this.#headFilled);
    if (kept > start) {
      this.#head.push(chunk.subarray(start, kept));
      this.#headFilled += kept - start;
    }
    this.#length += end - start;
    this.#packetBytes += end - start;
    this.#remaining -= end - start;
    if (this.#remaining === 0) {
      this.#inPayload = false;
      if (this.#header.readUIntLE(0, 3) !== MAX_PAYLOAD) this.#emit();
    }
    return end;
  }

  #emit(): void {
    const [only = Buffer.alloc(0)] = this.#head;
    const head = this.#head.length <= 1 ? only : Buffer.concat(this.#head);
    const length = this.#length;
    this.#head = [];
    this.#headFilled = 0;
    this.#length = 0;
    this.#packetBytes = 0;
    this.#onPacket(head, length, this.#header[3] ?? 0);
  }
}
