const INITIAL_BYTES = 1_024;
const GROWTH = 1.5;
/** UTF-8 takes at most so many bytes for each UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Strings by number, side by side in one array of bytes: a string of its own costs 24 bytes more than its characters,
 * and a million of them cost every garbage collection. Strings are well-formed; none is ever taken out.
 */
export class KeyList {
  #bytes: Uint8Array;
  /** Where each key begins; the one after it begins where it ends. */
  #starts: Uint32Array;
  #size = 0;

  /** With room for so many keys of so many bytes in all. */
  constructor(keys: number, bytes = INITIAL_BYTES) {
    this.#starts = new Uint32Array(keys + 1);
    this.#bytes = new Uint8Array(bytes);
  }

  get byteLength(): number {
    return this.#bytes.byteLength + this.#starts.byteLength;
  }

  /** Adds a key; its number is how many were there before. */
  add(key: string): void {
    const start = this.#endOf(this.#size - 1);
    const mostBytes = start + MAX_BYTES_PER_UNIT * key.length;
    if (mostBytes > this.#bytes.length) this.#growBytes(mostBytes);
    const { written } = encoder.encodeInto(key, this.#bytes.subarray(start));
    this.#size++;
    if (this.#size >= this.#starts.length) this.#growStarts();
    this.#starts[this.#size] = start + written;
  }

  at(number: number): string {
    return decoder.decode(this.#bytes.subarray(this.#starts[number], this.#endOf(number)));
  }

  bytesAt(number: number): number {
    return this.#endOf(number) - (this.#starts[number] ?? 0);
  }

  isAt(number: number, key: string): boolean {
    const start = this.#starts[number] ?? 0;
    // As many bytes as characters: all of them are ASCII, or it is another key.
    if (this.bytesAt(number) !== key.length) return this.bytesAt(number) > key.length && this.at(number) === key;
    for (let i = 0; i < key.length; i++) if (this.#bytes[start + i] !== key.charCodeAt(i)) return false;
    return true;
  }

  #endOf(number: number): number {
    return this.#starts[number + 1] ?? 0;
  }

  #growBytes(needed: number): void {
    const bytes = new Uint8Array(Math.max(needed, Math.ceil(this.#bytes.length * GROWTH)));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }

  #growStarts(): void {
    const starts = new Uint32Array(Math.ceil(this.#starts.length * GROWTH) + 1);
    starts.set(this.#starts);
    this.#starts = starts;
  }
}
