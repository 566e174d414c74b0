import { type Chunk, NONE } from './chunk.ts';
import { Columns } from './columns.ts';
import { Shelf } from './shelf.ts';
import {
  ageOf,
  COOL_ROUNDS,
  COOLING_ROUNDS,
  firstStamp,
  LEAVING,
  nextRound,
  WARM_ROUNDS,
  WORK_PER_CHUNK,
  WORK_PER_ROUND,
} from './temperature.ts';

/**
 * Where the bytes of series lie: in chunks, hot series apart from cold ones, so that a scrape that compresses finds few
 * chunks changed. Knows lengths and places only, not what the bytes say.
 */
export class ChunkList {
  readonly columns: Columns;
  readonly #shelf: Shelf;
  /** Chunks that have series to take out. */
  #queue: Chunk[] = [];
  #round = 0;
  #cooledTo = 0;

  constructor(lines: number, chunkBytes: number) {
    this.columns = new Columns(lines);
    this.#shelf = new Shelf(chunkBytes);
  }

  [Symbol.iterator](): Iterator<Chunk> {
    return this.#shelf[Symbol.iterator]();
  }

  /** The chunk of a live series. */
  chunkOf(ref: number): Chunk {
    return this.#shelf.at(this.columns.chunk(ref)) as Chunk;
  }

  /** Room of `length` bytes for a new series, behind all others of the returned chunk; the caller sets its `ends`. */
  place(ref: number, length: number, hot: boolean): { readonly chunk: Chunk; readonly at: number } {
    const chunk = this.#shelf.open(length, hot);
    chunk.reserve(length, this.#shelf.chunkBytes);
    const at = chunk.body.length;
    this.#link(chunk, ref, length);
    this.columns.setStamp(ref, firstStamp(this.#round, hot));
    return { chunk, at };
  }

  /** Notes that a series changed, which may move it among the hot ones at the end of the round. */
  touch(ref: number, chunk: Chunk): void {
    const stamp = this.columns.stamp(ref);
    if ((stamp & ~LEAVING) === this.#round) return;
    const leaves = (stamp & LEAVING) !== 0 || (!chunk.hot && ageOf(stamp, this.#round) <= WARM_ROUNDS);
    this.columns.setStamp(ref, leaves ? this.#round | LEAVING : this.#round);
    if (leaves) this.#enqueue(chunk);
  }

  /** Moves all bytes of a chunk from the end of a slot on, so that the slot gets another width. */
  resize(ref: number, line: number, width: number): void {
    const { columns } = this;
    const chunk = this.chunkOf(ref);
    const slot = ref * columns.lines + line;
    const end = columns.end(slot);
    const delta = width - columns.width(slot);
    const bytes = delta > 0 ? chunk.reserve(delta, this.#shelf.chunkBytes) : chunk.writable();
    bytes.copyWithin(end + delta, end, chunk.body.length);
    chunk.body.length += delta;
    columns.setWidth(slot, width);
    columns.shift(ref, delta, line);
    for (let other = columns.next(ref); other !== NONE; other = columns.next(other)) {
      columns.shift(other, delta);
    }
  }

  /** The bytes stay until the next `compact`. */
  remove(ref: number): void {
    const chunk = this.chunkOf(ref);
    this.columns.clear(ref);
    chunk.dirty = true;
    this.#enqueue(chunk);
  }

  /** Takes the bytes of removed series out; only afterwards may their numbers be given to others. */
  compact(): void {
    const queue = this.#queue;
    if (queue.length === 0) return;
    this.#queue = queue.filter((chunk) => !chunk.dirty);
    for (const chunk of queue) if (chunk.dirty) this.#sweep(chunk);
  }

  /** Ends a round: sorts what changed and what changes no more, within a bounded time. */
  settle(): void {
    this.compact();
    const queue = this.#queue;
    let next = 0;
    for (let work = 0; next < queue.length && work < WORK_PER_ROUND; next++) work += this.#sweep(queue[next] as Chunk);
    this.#queue = queue.slice(next);
    this.#cool();
    this.#round = nextRound(this.#round);
  }

  /** Looks through some of the hot chunks in turn: a series that changes no more makes itself heard by nothing. */
  #cool(): void {
    const { length } = this.#shelf;
    for (let seen = 0, work = 0; seen < length / COOLING_ROUNDS && work < WORK_PER_ROUND; seen++) {
      this.#cooledTo = (this.#cooledTo + 1) % length;
      const chunk = this.#shelf.at(this.#cooledTo);
      if (chunk?.hot === true) work += this.#sweep(chunk);
    }
  }

  /**
   * Takes out what is removed and what belongs elsewhere, and closes the gaps; writes nothing if all may stay. Most series
   * of a chunk decide whether it is hot, so that only the fewer ever move. Answers the work done.
   */
  #sweep(chunk: Chunk, dissolve = false): number {
    const { columns } = this;
    const wasHot = chunk.hot;
    if (!dissolve && this.#mostChange(chunk) !== wasHot) this.#shelf.turn(chunk);
    chunk.queued = false;
    chunk.dirty = false;
    let last = NONE;
    let keptFrom = 0;
    let gone = 0;
    let start = 0;
    let work = WORK_PER_CHUNK;
    for (let ref = chunk.head, next: number; ref !== NONE; ref = next) {
      next = columns.next(ref);
      const end = columns.endOfSeries(ref);
      const live = columns.isLive(ref);
      const hot = dissolve ? wasHot : this.#changesOften(ref, wasHot);
      if (live && hot === chunk.hot && !dissolve) {
        columns.setStamp(ref, columns.stamp(ref) & ~LEAVING);
        if (gone > 0) columns.shift(ref, -gone);
        if (last === NONE) chunk.head = ref;
        else columns.setNext(last, ref);
        last = ref;
      } else {
        const bytes = chunk.writable();
        bytes.copyWithin(keptFrom - gone, keptFrom, start);
        if (live) this.#move(ref, bytes, start, end, hot, chunk.created);
        work++;
        gone += end - start;
        keptFrom = end;
      }
      start = end;
    }
    if (gone === 0) return work;
    chunk.writable().copyWithin(keptFrom - gone, keptFrom, start);
    chunk.body.length -= gone;
    chunk.tail = last;
    if (last === NONE) {
      this.#shelf.drop(chunk);
    } else {
      columns.setNext(last, NONE);
      // Too little is left to be worth a chunk: the open one takes it. Half a chunk was removed before, so this is paid for.
      const sparse = chunk.body.length < this.#shelf.chunkBytes / 2;
      if (sparse && !this.#shelf.isOpen(chunk)) work += this.#sweep(chunk, true);
    }
    return work;
  }

  #changesOften(ref: number, wasHot: boolean): boolean {
    const stamp = this.columns.stamp(ref);
    return wasHot ? ageOf(stamp, this.#round) <= COOL_ROUNDS : (stamp & LEAVING) !== 0;
  }

  #mostChange(chunk: Chunk): boolean {
    const { columns } = this;
    let more = 0;
    for (let ref = chunk.head; ref !== NONE; ref = columns.next(ref)) {
      if (columns.isLive(ref)) more += this.#changesOften(ref, chunk.hot) ? 1 : -1;
    }
    return more === 0 ? chunk.hot : more > 0;
  }

  #move(ref: number, from: Buffer, start: number, end: number, hot: boolean, created: boolean): void {
    const { columns } = this;
    const target = this.#shelf.open(end - start, hot);
    const bytes = target.reserve(end - start, this.#shelf.chunkBytes);
    const at = target.body.length;
    from.copy(bytes, at, start, end);
    columns.shift(ref, at - start);
    columns.setStamp(ref, columns.stamp(ref) & ~LEAVING);
    target.created ||= created;
    this.#link(target, ref, end - start);
  }

  #link(chunk: Chunk, ref: number, length: number): void {
    const { columns } = this;
    if (chunk.tail === NONE) chunk.head = ref;
    else columns.setNext(chunk.tail, ref);
    columns.setNext(ref, NONE);
    columns.setChunk(ref, chunk.index);
    chunk.tail = ref;
    chunk.body.length += length;
  }

  #enqueue(chunk: Chunk): void {
    if (chunk.queued) return;
    chunk.queued = true;
    this.#queue.push(chunk);
  }
}
