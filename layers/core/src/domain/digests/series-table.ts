import { CounterTable } from './counter-table.ts';
import { sumOf, ZERO } from './counters.ts';
import type { DigestCounters } from './digest-read.ts';

const NAMED = 1;
const KEPT = 0;

/**
 * Totals of single digests, by series key. A `named` series is exposed; a `kept` one has left the exposition and only
 * remembers its total, so that it can come back without falling.
 */
export class SeriesTable {
  readonly #totals = new CounterTable();
  readonly #named = new Set<string>();

  get size(): number {
    return this.#totals.size;
  }

  get named(): ReadonlySet<string> {
    return this.#named;
  }

  isNamed(key: string): boolean {
    return this.#named.has(key);
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
}
