import { CounterTable } from './counter-table.ts';
import { sumOf, ZERO } from './counters.ts';
import type { DigestCounters } from './digest-read.ts';

export const NAMED = 1;
const KEPT = 0;
const SEALED = 2;

/**
 * Totals of single digests, by series key. A `named` series is exposed; a `kept` one has left the exposition and only
 * remembers its total, so that it can come back without falling. Of a `sealed` one the total is not known any more: it
 * cannot come back until nobody remembers what was shown of it.
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
    this.put(key, this.totalOf(key), true);
  }

  /** Takes a series out of the exposition; its total is kept. */
  unname(key: string): void {
    this.put(key, this.totalOf(key), false);
  }

  add(key: string, by: DigestCounters): void {
    this.put(key, sumOf(this.totalOf(key), by), this.isNamed(key));
  }

  put(key: string, total: DigestCounters, isNamed: boolean): void {
    if (isNamed) this.#named.add(key);
    else this.#named.delete(key);
    const slot = this.#totals.slotOf(key);
    const mark = isNamed ? NAMED : KEPT;
    if (slot < 0) this.#totals.insert(key, total, mark);
    else this.#totals.set(slot, total, mark);
  }

  /** The total is not known any more, as of `atS` of the wall clock. */
  seal(key: string, atS: number): void {
    this.restore(key, ZERO, SEALED, atS);
  }

  /** Series that were sealed before may be named again, and begin at zero; answers which. */
  unseal(sealedBeforeS: number): readonly string[] {
    const old = [...this.#sealed].filter((key) => this.stateOf(key).sealedS < sealedBeforeS);
    for (const key of old) {
      this.#sealed.delete(key);
      this.put(key, ZERO, false);
    }
    return old;
  }

  /** Whether a series is named, kept or sealed, and since when sealed, as numbers for a record. */
  stateOf(key: string): { readonly mark: number; readonly sealedS: number } {
    const slot = this.#totals.slotOf(key);
    return { mark: this.#totals.markAt(slot), sealedS: this.#totals.touchedAt(slot) };
  }

  restore(key: string, total: DigestCounters, mark: number, sealedS: number): void {
    this.put(key, total, mark === NAMED);
    if (mark !== SEALED) return;
    this.#totals.set(this.#totals.slotOf(key), total, mark, sealedS);
    this.#sealed.add(key);
  }
}

/** A series key as a string of its own, and its place in a set. */
const BYTES_PER_STRING = 120;
