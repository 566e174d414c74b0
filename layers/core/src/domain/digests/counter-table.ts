import type { DigestCounters } from './digest-read.ts';
import { hashOf, KeyIndex } from './key-index.ts';
import { KeyList } from './key-list.ts';

const INITIAL_SLOTS = 32;
const GROWTH = 1.5;
/** Room that compacting leaves for what comes next. */
const HEADROOM = 1.125;
/** Compacting pays when so many of the slots given out are dead. */
const MAX_DEAD_SHARE = 0.25;

/**
 * Keyed records of the four counters, one whole number (`mark`, what it means is the owner's) and the time of the last
 * change (`touchedS`, whole epoch seconds): columns of numbers, keys and their index included, so that a record costs no
 * object and all that a table takes is known. A slot belongs to its key until the key is deleted or the table compacted.
 */
export class CounterTable {
  #live = 0;
  /** Slots given out, the dead ones of deleted keys included. */
  #used = 0;
  #columns = new Columns(INITIAL_SLOTS);
  #keys = new KeyList(INITIAL_SLOTS);
  #index = new KeyIndex(INITIAL_SLOTS);

  get size(): number {
    return this.#live;
  }

  /** Bytes of memory that the table takes, unused room included. */
  get byteLength(): number {
    return this.#columns.byteLength + this.#keys.byteLength + this.#index.byteLength;
  }

  /** The slot of a key, or -1. */
  slotOf(key: string): number {
    const hash = hashOf(key);
    return this.#index.find(hash, (slot) => this.#columns.hashes[slot] === hash && this.#keys.isAt(slot, key));
  }

  *keys(): Generator<string> {
    for (const slot of this.slots()) yield this.#keys.at(slot);
  }

  /** Slots that are in use, in the order of insertion. */
  *slots(): Generator<number> {
    for (let slot = 0; slot < this.#used; slot++) if (!this.#columns.dead[slot]) yield slot;
  }

  keyAt(slot: number): string {
    return this.#keys.at(slot);
  }

  /** Gives a key a slot, the one that it has if it is held already. */
  insert(key: string, counters: DigestCounters, mark: number, touchedS = 0): number {
    const held = this.slotOf(key);
    const slot = held < 0 ? this.#take(key) : held;
    this.set(slot, counters, mark, touchedS);
    return slot;
  }

  delete(key: string): void {
    const slot = this.slotOf(key);
    if (slot >= 0) this.deleteAt(slot);
  }

  deleteAt(slot: number): void {
    this.#index.remove(this.#columns.hashes[slot] ?? 0, slot);
    this.#columns.dead[slot] = 1;
    this.#live--;
  }

  clear(): void {
    this.#live = 0;
    this.#used = 0;
    this.#columns = new Columns(INITIAL_SLOTS);
    this.#keys = new KeyList(INITIAL_SLOTS);
    this.#index = new KeyIndex(INITIAL_SLOTS);
  }

  countersAt(slot: number): DigestCounters {
    const { executions, timeUs, rowsAffected, rowsSent } = this.#columns;
    return {
      executions: executions[slot] ?? 0,
      timeUs: timeUs[slot] ?? 0,
      rowsAffected: rowsAffected[slot] ?? 0,
      rowsSent: rowsSent[slot] ?? 0,
    };
  }

  markAt(slot: number): number {
    return this.#columns.marks[slot] ?? 0;
  }

  touchedAt(slot: number): number {
    return this.#columns.touched[slot] ?? 0;
  }

  set(slot: number, counters: DigestCounters, mark: number, touchedS = 0): void {
    const columns = this.#columns;
    columns.executions[slot] = counters.executions;
    columns.timeUs[slot] = counters.timeUs;
    columns.rowsAffected[slot] = counters.rowsAffected;
    columns.rowsSent[slot] = counters.rowsSent;
    columns.marks[slot] = mark;
    columns.touched[slot] = touchedS;
  }

  /** Gives back the memory of deleted records once they are a larger share of all. Slots are others afterwards. */
  compact(maxDeadShare = MAX_DEAD_SHARE): void {
    if (this.#live >= this.#used * (1 - maxDeadShare)) return;
    const capacity = Math.max(INITIAL_SLOTS, Math.ceil(this.#live * HEADROOM));
    const [from, slots] = [this.#keys, [...this.slots()]];
    const bytes = slots.reduce((sum, slot) => sum + from.bytesAt(slot), 0);
    this.#keys = new KeyList(capacity, Math.ceil(bytes * HEADROOM));
    this.#columns = this.#columns.pick(slots, capacity);
    this.#used = this.#live;
    for (const slot of slots) this.#keys.add(from.at(slot));
    this.#reindex(capacity);
  }

  #take(key: string): number {
    const slot = this.#used++;
    if (slot >= this.#columns.capacity) this.#columns = this.#columns.grown(Math.ceil(slot * GROWTH));
    const hash = hashOf(key);
    this.#columns.hashes[slot] = hash;
    this.#keys.add(key);
    this.#live++;
    if (this.#index.isFull) this.#reindex(this.#live * GROWTH);
    else this.#index.put(hash, slot);
    return slot;
  }

  #reindex(capacity: number): void {
    this.#index = new KeyIndex(capacity);
    for (const slot of this.slots()) this.#index.put(this.#columns.hashes[slot] ?? 0, slot);
  }
}

class Columns {
  readonly capacity: number;
  readonly executions: Float64Array;
  readonly timeUs: Float64Array;
  readonly rowsAffected: Float64Array;
  readonly rowsSent: Float64Array;
  readonly marks: Int32Array;
  readonly touched: Uint32Array;
  readonly hashes: Int32Array;
  readonly dead: Uint8Array;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.executions = new Float64Array(capacity);
    this.timeUs = new Float64Array(capacity);
    this.rowsAffected = new Float64Array(capacity);
    this.rowsSent = new Float64Array(capacity);
    this.marks = new Int32Array(capacity);
    this.touched = new Uint32Array(capacity);
    this.hashes = new Int32Array(capacity);
    this.dead = new Uint8Array(capacity);
  }

  get byteLength(): number {
    return this.#all().reduce((sum, column) => sum + column.byteLength, 0);
  }

  /** The same records, with room for more. */
  grown(capacity: number): Columns {
    const grown = new Columns(capacity);
    const to = grown.#all();
    for (const [i, column] of this.#all().entries()) to[i]?.set(column);
    return grown;
  }

  /** The records of some slots, side by side. */
  pick(slots: readonly number[], capacity: number): Columns {
    const picked = new Columns(capacity);
    const to = picked.#all();
    for (const [i, column] of this.#all().entries()) {
      const target = to[i];
      if (target) for (const [at, slot] of slots.entries()) target[at] = column[slot] ?? 0;
    }
    return picked;
  }

  #all(): readonly (Float64Array | Int32Array | Uint32Array | Uint8Array)[] {
    const { executions, timeUs, rowsAffected, rowsSent, marks, touched, hashes, dead } = this;
    return [executions, timeUs, rowsAffected, rowsSent, marks, touched, hashes, dead];
  }
}
