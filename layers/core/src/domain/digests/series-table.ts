import { CounterTable } from './counter-table.ts';
import { sumOf, ZERO } from './counters.ts';
import type { DigestCounters } from './digest-read.ts';

export const NAMED = 1;
const KEPT = 0;
const SEALED = 2;

/** Series that are remembered no more. */
export interface Retired {
  readonly keys: readonly string[];
  readonly total: DigestCounters;
}

/**
 * Totals of single digests, by series key. A `named` series is exposed; a `kept` one has left the exposition and only
 * remembers its total, so that it can come back without falling. Of a `sealed` one the total is not known any more: it
 * cannot come back. Either is retired once nobody remembers what was shown of it; then it may begin at zero.
 */
export class SeriesTable {
  readonly #totals = new CounterTable();
  readonly #named = new Set<string>();
  readonly #sealed = new Set<string>();

  get size(): number {
    return this.#totals.size;
  }

  /** About so many bytes of memory. */
  get byteLength(): number {
    return this.#totals.byteLength + (this.#named.size + this.#sealed.size) * BYTES_PER_STRING;
  }

  get named(): ReadonlySet<string> {
    return this.#named;
  }

  isNamed(key: string): boolean {
    return this.#named.has(key);
  }

  get sealedCount(): number {
    return this.#sealed.size;
  }

  isSealed(key: string): boolean {
    return this.#sealed.has(key);
  }

  has(key: string): boolean {
    return this.#totals.slotOf(key) >= 0;
  }

  /** The total of a series; zero when it was never named. */
  totalOf(key: string): DigestCounters {
    const slot = this.#totals.slotOf(key);
    return slot < 0 ? ZERO : this.#totals.countersAt(slot);
  }

  /** Keys of all series, the kept ones included. */
  keys(): Iterable<string> {
    return this.#totals.keys();
  }

  /** Exposes a series at its kept total, else at zero. */
  name(key: string): void {
    this.#set(key, this.totalOf(key), NAMED, 0);
  }

  /** Takes a series out of the exposition, at `atS` of the wall clock; its total is kept. */
  unname(key: string, atS: number): void {
    this.#set(key, this.totalOf(key), KEPT, atS);
  }

  /** Adds to a named series. */
  add(key: string, by: DigestCounters): void {
    this.#set(key, sumOf(this.totalOf(key), by), NAMED, 0);
  }

  /** The total is not known any more, as of `atS` of the wall clock. */
  seal(key: string, atS: number): void {
    this.#set(key, ZERO, SEALED, atS);
  }

  /** Forgets series that left the exposition, or were sealed, before `goneBeforeS`; answers which, and what they had in all. */
  retire(goneBeforeS: number): Retired {
    const keys: string[] = [];
    let total = ZERO;
    for (const slot of this.#totals.slots()) {
      if (this.#totals.markAt(slot) === NAMED || this.#totals.touchedAt(slot) >= goneBeforeS) continue;
      const key = this.#totals.keyAt(slot);
      keys.push(key);
      total = sumOf(total, this.#totals.countersAt(slot));
      this.#sealed.delete(key);
      this.#totals.deleteAt(slot);
    }
    this.#totals.compact();
    return { keys, total };
  }

  /** Whether a series is named, kept or sealed, and since when it is not shown (0 when it is), as numbers for a record. */
  stateOf(key: string): { readonly mark: number; readonly goneS: number } {
    const slot = this.#totals.slotOf(key);
    return { mark: this.#totals.markAt(slot), goneS: this.#totals.touchedAt(slot) };
  }

  /** Takes a series over as it was; `nowS` of the wall clock stands in when its record does not say since when it is gone. */
  restore(key: string, total: DigestCounters, { mark, goneS }: ReturnType<SeriesTable['stateOf']>, nowS: number): void {
    this.#set(key, total, mark, mark === NAMED ? 0 : goneS || nowS);
  }

  #set(key: string, total: DigestCounters, mark: number, goneS: number): void {
    this.#totals.insert(key, total, mark, goneS);
    setMembership(this.#named, key, mark === NAMED);
    setMembership(this.#sealed, key, mark === SEALED);
  }
}

function setMembership(set: Set<string>, key: string, isMember: boolean): void {
  if (isMember) set.add(key);
  else set.delete(key);
}

/** A series key as a string of its own, and its place in a set. */
const BYTES_PER_STRING = 120;
