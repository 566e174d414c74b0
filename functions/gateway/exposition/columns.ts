/**
 * What is kept of each series besides its bytes: 22 bytes in typed arrays, no object and no string, so that a million
 * series cost 22 MB and the garbage collector nothing.
 */
export class Columns {
  /** Per line, at `ref * lines + line`: the value, where its slot ends in the chunk, and the slot's width, 0 if unused. */
  values = new Float64Array(0);
  ends = new Uint32Array(0);
  widths = new Uint8Array(0);
  /** Per series: its chunk, the series behind it in the chunk, and when it last changed (see temperature.ts). */
  chunks = new Uint32Array(0);
  next = new Uint32Array(0);
  stamps = new Uint8Array(0);
  /** Per series: bytes of its `_created` line. Most families have none. */
  created: Uint32Array<ArrayBuffer> | undefined;
  readonly lines: number;

  constructor(lines: number) {
    this.lines = lines;
  }

  /** Makes room for a series; grows by half, so that many proxies do not hold much that is unused. */
  ensure(ref: number): void {
    if (ref < this.next.length) return;
    const size = Math.max(ref + 1, Math.ceil(this.next.length * 1.5), 4);
    this.values = grown(this.values, new Float64Array(size * this.lines));
    this.ends = grown(this.ends, new Uint32Array(size * this.lines));
    this.widths = grown(this.widths, new Uint8Array(size * this.lines));
    this.chunks = grown(this.chunks, new Uint32Array(size));
    this.next = grown(this.next, new Uint32Array(size));
    this.stamps = grown(this.stamps, new Uint8Array(size));
    if (this.created !== undefined) this.created = grown(this.created, new Uint32Array(size));
  }

  setCreated(ref: number, bytes: number): void {
    if (bytes > 0) this.created ??= new Uint32Array(this.next.length);
    if (this.created !== undefined) this.created[ref] = bytes;
  }

  /** Marks a series as removed: no value equals NaN, so `set` always looks at the width. */
  clear(ref: number): void {
    this.widths.fill(0, ref * this.lines, (ref + 1) * this.lines);
    this.values.fill(Number.NaN, ref * this.lines, (ref + 1) * this.lines);
  }

  isLive(ref: number): boolean {
    return (this.widths[ref * this.lines] ?? 0) > 0;
  }

  /** Where the bytes of a series end: behind the newline of its last value, or behind its `_created` line. */
  endOf(ref: number): number {
    return (this.ends[(ref + 1) * this.lines - 1] as number) + 1 + this.createdOf(ref);
  }

  createdOf(ref: number): number {
    return this.created?.[ref] ?? 0;
  }

  /** Moves the slots of a series, from the given line on. */
  shift(ref: number, delta: number, fromLine = 0): void {
    for (let slot = ref * this.lines + fromLine; slot < (ref + 1) * this.lines; slot++) {
      this.ends[slot] = (this.ends[slot] as number) + delta;
    }
  }
}

function grown<T extends Float64Array | Uint32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
