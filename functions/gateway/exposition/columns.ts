/**
 * What is kept of each series besides its bytes: 20 bytes per line, no object and no string, so that a million series cost
 * the garbage collector nothing. What `set` needs lies side by side in 16 bytes, since values are set in any order and a
 * miss of the processor's cache costs more than all the rest:
 *
 * | bytes | per line (slot = ref × lines + line) |
 * | --- | --- |
 * | 0–7 | the value, NaN if unused |
 * | 8–11 | where the slot ends in its chunk |
 * | 12 | width of the slot, 0 if unused |
 * | 13 | of the first line: when the series last changed (see temperature.ts) |
 * | 14–15 | of the first line: its chunk |
 */
export class Columns {
  readonly lines: number;
  #values = new Float64Array(0);
  #words = new Uint32Array(0);
  #halves = new Uint16Array(0);
  #bytes = new Uint8Array(0);
  /** Per series: the one behind it in its chunk. */
  #next = new Uint32Array(0);
  /** Per series: bytes of its `_created` line. Most families have none. */
  #created: Uint32Array<ArrayBuffer> | undefined;

  constructor(lines: number) {
    this.lines = lines;
  }

  /** Makes room for a series; grows by half, so that many proxies do not hold much that is unused. */
  ensure(ref: number): void {
    if (ref < this.#next.length) return;
    const size = Math.max(ref + 1, Math.ceil(this.#next.length * 1.5), 4);
    const bytes = new Uint8Array(size * this.lines * 16);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#values = new Float64Array(bytes.buffer);
    this.#words = new Uint32Array(bytes.buffer);
    this.#halves = new Uint16Array(bytes.buffer);
    this.#next = grown(this.#next, size);
    if (this.#created !== undefined) this.#created = grown(this.#created, size);
  }

  /** Bytes of memory that it takes, unused room included. */
  get byteLength(): number {
    return this.#bytes.byteLength + this.#next.byteLength + (this.#created?.byteLength ?? 0);
  }

  value(slot: number): number {
    return this.#values[2 * slot] as number;
  }

  setValue(slot: number, value: number): void {
    this.#values[2 * slot] = value;
  }

  /** Behind the last byte of the slot. */
  end(slot: number): number {
    return this.#words[4 * slot + 2] as number;
  }

  setEnd(slot: number, end: number): void {
    this.#words[4 * slot + 2] = end;
  }

  /** 0 for a slot that is not in use. */
  width(slot: number): number {
    return this.#bytes[16 * slot + 12] ?? 0;
  }

  setWidth(slot: number, width: number): void {
    this.#bytes[16 * slot + 12] = width;
  }

  stamp(ref: number): number {
    return this.#bytes[16 * ref * this.lines + 13] as number;
  }

  setStamp(ref: number, stamp: number): void {
    this.#bytes[16 * ref * this.lines + 13] = stamp;
  }

  chunk(ref: number): number {
    return this.#halves[8 * ref * this.lines + 7] as number;
  }

  setChunk(ref: number, index: number): void {
    this.#halves[8 * ref * this.lines + 7] = index;
  }

  next(ref: number): number {
    return this.#next[ref] as number;
  }

  setNext(ref: number, next: number): void {
    this.#next[ref] = next;
  }

  created(ref: number): number {
    return this.#created?.[ref] ?? 0;
  }

  setCreated(ref: number, bytes: number): void {
    if (bytes > 0) this.#created ??= new Uint32Array(this.#next.length);
    if (this.#created !== undefined) this.#created[ref] = bytes;
  }

  isLive(ref: number): boolean {
    return this.width(ref * this.lines) > 0;
  }

  /** Marks a series as removed; no value equals NaN, so `set` always looks at the width. */
  clear(ref: number): void {
    for (let slot = ref * this.lines; slot < (ref + 1) * this.lines; slot++) {
      this.setWidth(slot, 0);
      this.setValue(slot, Number.NaN);
    }
  }

  /** Where the bytes of a series end: behind the newline of its last value, or behind its `_created` line. */
  endOfSeries(ref: number): number {
    return this.end((ref + 1) * this.lines - 1) + 1 + this.created(ref);
  }

  /** Moves the slots of a series, from the given line on. */
  shift(ref: number, delta: number, fromLine = 0): void {
    for (let slot = ref * this.lines + fromLine; slot < (ref + 1) * this.lines; slot++) {
      this.setEnd(slot, this.end(slot) + delta);
    }
  }
}

function grown(from: Uint32Array, size: number): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(size);
  to.set(from);
  return to;
}
