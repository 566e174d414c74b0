import { Chunk } from './chunk.ts';

/** The chunks of a family by number, and the two of them that take what comes: one for hot series, one for cold. */
export class Shelf {
  readonly chunkBytes: number;
  readonly #chunks: (Chunk | undefined)[] = [];
  readonly #vacant: number[] = [];
  #cold: Chunk | undefined;
  #hot: Chunk | undefined;

  constructor(chunkBytes: number) {
    this.chunkBytes = chunkBytes;
  }

  /** Numbers given so far, vacant ones included. */
  get length(): number {
    return this.#chunks.length;
  }

  at(index: number): Chunk | undefined {
    return this.#chunks[index];
  }

  *[Symbol.iterator](): Generator<Chunk> {
    for (const chunk of this.#chunks) if (chunk !== undefined) yield chunk;
  }

  /** The chunk that takes so many bytes. */
  open(length: number, hot: boolean): Chunk {
    const open = hot ? this.#hot : this.#cold;
    if (open !== undefined && open.body.length + length <= this.chunkBytes) return open;
    const index = this.#vacant.pop() ?? this.#chunks.length;
    if (index === MAX_CHUNKS) throw new RangeError(`more than ${MAX_CHUNKS} chunks`);
    const chunk = new Chunk(index, hot, length);
    this.#chunks[index] = chunk;
    if (hot) this.#hot = chunk;
    else this.#cold = chunk;
    return chunk;
  }

  isOpen(chunk: Chunk): boolean {
    return chunk === this.#cold || chunk === this.#hot;
  }

  /** Makes a hot chunk a cold one, or the other way round. */
  turn(chunk: Chunk): void {
    this.#close(chunk);
    chunk.hot = !chunk.hot;
    if (chunk.hot) this.#hot ??= chunk;
    else this.#cold ??= chunk;
  }

  drop(chunk: Chunk): void {
    this.#close(chunk);
    this.#chunks[chunk.index] = undefined;
    this.#vacant.push(chunk.index);
  }

  #close(chunk: Chunk): void {
    if (chunk === this.#hot) this.#hot = undefined;
    if (chunk === this.#cold) this.#cold = undefined;
  }
}

/** As many as columns.ts can number: 4 GiB in chunks of 64 KiB. */
const MAX_CHUNKS = 65_536;
