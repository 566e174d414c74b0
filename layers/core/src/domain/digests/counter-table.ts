import type { DigestCounters } from './digest-read.ts';

const INITIAL_SLOTS = 64;
const GROWTH = 1.5;

/**
 * Keyed records of the four counters and one whole number (`mark`, what it means is the owner's), kept as columns of
 * numbers: a record costs 36 bytes, its key and its place in the index, and no object. A slot belongs to its key until
 * the key is deleted, and is used again afterwards.
 */
export class CounterTable {
  readonly #slots = new Map<string, number>();
  readonly #free: number[] = [];
  #used = 0;
  #executions = new Float64Array(INITIAL_SLOTS);
  #timeUs = new Float64Array(INITIAL_SLOTS);
  #rowsAffected = new Float64Array(INITIAL_SLOTS);
  #rowsSent = new Float64Array(INITIAL_SLOTS);
  #marks = new Int32Array(INITIAL_SLOTS);

  get size(): number {
    return this.#slots.size;
  }

  /** The slot of a key, or -1. */
  slotOf(key: string): number {
    return this.#slots.get(key) ?? -1;
  }

  keys(): Iterable<string> {
    return this.#slots.keys();
  }

  /** Gives a key that is not held yet a slot. The key is kept: it must be a string of its own, not a slice of a large one. */
  insert(key: string, counters: DigestCounters, mark: number): number {
    const slot = this.#free.pop() ?? this.#used++;
    if (slot >= this.#marks.length) this.#grow();
    this.#slots.set(key, slot);
    this.set(slot, counters, mark);
    return slot;
  }

  delete(key: string): void {
    const slot = this.slotOf(key);
    if (slot < 0) return;
    this.#slots.delete(key);
    this.#free.push(slot);
  }

  clear(): void {
    this.#slots.clear();
    this.#free.length = 0;
    this.#used = 0;
  }

  countersAt(slot: number): DigestCounters {
    return {
      executions: this.#executions[slot] ?? 0,
      timeUs: this.#timeUs[slot] ?? 0,
      rowsAffected: this.#rowsAffected[slot] ?? 0,
      rowsSent: this.#rowsSent[slot] ?? 0,
    };
  }

  markAt(slot: number): number {
    return this.#marks[slot] ?? 0;
  }

  set(slot: number, counters: DigestCounters, mark: number): void {
    this.#executions[slot] = counters.executions;
    this.#timeUs[slot] = counters.timeUs;
    this.#rowsAffected[slot] = counters.rowsAffected;
    this.#rowsSent[slot] = counters.rowsSent;
    this.#marks[slot] = mark;
  }

  #grow(): void {
    const capacity = Math.ceil(this.#marks.length * GROWTH);
    this.#executions = copyOf(this.#executions, new Float64Array(capacity));
    this.#timeUs = copyOf(this.#timeUs, new Float64Array(capacity));
    this.#rowsAffected = copyOf(this.#rowsAffected, new Float64Array(capacity));
    this.#rowsSent = copyOf(this.#rowsSent, new Float64Array(capacity));
    this.#marks = copyOf(this.#marks, new Int32Array(capacity));
  }
}

function copyOf<A extends Float64Array | Int32Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
