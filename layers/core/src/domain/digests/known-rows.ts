import { bornOf } from './baseline.ts';
import { CounterTable } from './counter-table.ts';
import type { DigestRead } from './digest-read.ts';
import type { Recall } from './recall.ts';
import type { RowChange } from './row-changes.ts';

/** What a store must take over so that it holds the same rows: keys of records to write or to delete. */
export interface RowsToStore {
  /** All rows that the store holds are void: they are of an older epoch, or the store lost some. */
  readonly replacesRows: boolean;
  readonly rows: ReadonlySet<string>;
  readonly purgedRows: ReadonlySet<string>;
}

/**
 * Rows of the table whose last values are known: the busy ones in memory, the others (`evicted`) in the store only.
 * What the table has beyond those is forgotten: rows that retention took out of the store, or that the store lost.
 */
export class KnownRows {
  readonly table = new CounterTable();
  #evicted = 0;
  #isUncertain = false;
  #replaces = false;
  readonly #changed = new Set<string>();
  readonly #purged = new Set<string>();

  /** Rows in memory. */
  get size(): number {
    return this.table.size;
  }

  /** Rows that only the store holds. */
  get evicted(): number {
    return this.#evicted;
  }

  /** Whether memory and store hold rows that are gone from a table of `tableRows`. */
  areMoreThan(tableRows: number): boolean {
    return !this.#isUncertain && this.size + this.#evicted > tableRows;
  }

  /** Whether so many rows of a read, found in memory and in the store, are all that were known of a table of `tableRows`. */
  areAll(knownInMemory: number, knownInStore: number, tableRows: number): boolean {
    const isStoreExact = !this.#isUncertain && !this.areMoreThan(tableRows);
    return knownInMemory === this.size && (!isStoreExact || knownInStore === this.#evicted);
  }

  /** Rows of a table of `tableRows` of which no last value is known, at most. */
  forgottenOf(tableRows: number): number {
    return Math.max(0, tableRows - this.size - (this.#isUncertain ? 0 : this.#evicted));
  }

  /** The store holds so many rows, memory none yet. */
  leaveInStore(storedRows: number): void {
    this.#evicted = storedRows;
  }

  /** A new life of the whole table, or one that nothing is known of: older values are void, those in the store too. */
  begin(): void {
    this.table.clear();
    this.#evicted = 0;
    this.#replaces = true;
    this.#changed.clear();
    this.#purged.clear();
  }

  /** Takes rows into memory that the store was asked for. */
  adopt(recall: Recall): void {
    const { returned } = recall;
    if (returned) {
      for (const slot of returned.slots()) {
        const [counters, bornS] = [returned.countersAt(slot), returned.markAt(slot)];
        this.table.insert(returned.keyAt(slot), counters, bornS, returned.touchedAt(slot));
      }
    }
    this.#evicted -= (returned?.size ?? 0) + recall.damaged;
  }

  /** Keeps what a read told of a row; `wallS` is the reader's wall clock. */
  keep({ row, bornS, kind }: RowChange, wallS: number): void {
    const slot = this.table.slotOf(row.key);
    const isNewLife = slot < 0 || kind === 'restarted' || kind === 'rebased';
    // Slow reads make births look older, never younger, so within one life the youngest reading is the truest.
    const truestBornS = isNewLife ? bornS : Math.max(bornS, this.table.markAt(slot));
    this.table.insert(row.key, row.counters, truestBornS, wallS);
    this.#changed.add(row.key);
    this.#purged.delete(row.key);
  }

  /** Some rows of the table are gone: keeps those of a full read. */
  keepOnly(read: DigestRead, wallS: number): void {
    const present = new Set(read.rows.map((row) => row.key));
    for (const slot of this.table.slots()) {
      const key = this.table.keyAt(slot);
      if (present.has(key)) continue;
      this.table.deleteAt(slot);
      this.#changed.delete(key);
      this.#purged.add(key);
    }
    this.table.compact();
    if (this.#evicted > 0) this.#rewrite(read, wallS);
  }

  /**
   * Takes rows out of memory that the store holds as they are and that were not touched since `idleSinceS`, at most
   * `limit`; answers how many.
   */
  evict(idleSinceS: number, limit = Number.POSITIVE_INFINITY): number {
    let evicted = 0;
    for (const slot of this.table.slots()) {
      if (evicted >= limit) break;
      if (this.table.touchedAt(slot) >= idleSinceS) continue;
      if (this.#changed.size > 0 && this.#changed.has(this.table.keyAt(slot))) continue;
      this.table.deleteAt(slot);
      evicted++;
    }
    this.#evicted += evicted;
    this.table.compact();
    return evicted;
  }

  /** Takes the least recently touched rows out of memory until about so many bytes are free; answers how many rows. */
  spill(bytes: number): number {
    if (this.#changed.size >= this.size) return 0;
    const wanted = Math.min(this.size, Math.ceil((bytes * this.size) / this.table.byteLength));
    const touched = Uint32Array.from(this.table.slots(), (slot) => this.table.touchedAt(slot)).sort();
    const lastS = touched[wanted - 1] ?? 0;
    const older = this.evict(lastS, wanted);
    const spilled = older + this.evict(lastS + 1, wanted - older);
    this.table.compact(0);
    return spilled;
  }

  /** The store has dropped these rows, since nobody touched them for long. */
  noteDropped(keys: readonly string[]): void {
    for (const key of keys) {
      if (this.table.slotOf(key) >= 0) this.#changed.add(key);
      // Rows of a store that is to be replaced are not counted any more.
      else if (!this.#replaces) this.#evicted--;
    }
  }

  /** The store may have dropped rows, and did not say which: those in memory are written again. */
  noteUncertain(): void {
    this.#isUncertain = true;
    for (const key of this.table.keys()) this.#changed.add(key);
  }

  toStore(): RowsToStore {
    return { replacesRows: this.#replaces, rows: this.#changed, purgedRows: this.#purged };
  }

  /** The store has taken over what was due, of changed rows only these if any are given, and holds `storedRows` now. */
  markStored(storedRows: number, rows?: Iterable<string>): void {
    if (rows) for (const key of rows) this.#changed.delete(key);
    else this.#changed.clear();
    this.#evicted = Math.max(0, storedRows - this.size + this.#changed.size);
    this.#isUncertain = false;
    this.#replaces = false;
    this.#purged.clear();
  }

  /** The store lost what it held: rows that only it held are forgotten, all others are to be written again. */
  markLost(): void {
    this.#evicted = 0;
    this.#writeAll();
  }

  /** Which of the rows that only the store holds are gone from the table cannot be told from here, but the read has them all. */
  #rewrite(read: DigestRead, wallS: number): void {
    for (const row of read.rows) {
      if (this.table.slotOf(row.key) < 0) this.table.insert(row.key, row.counters, bornOf(read, row), wallS);
    }
    this.#evicted = 0;
    this.#writeAll();
  }

  #writeAll(): void {
    this.#replaces = true;
    this.#purged.clear();
    if (this.#changed.size < this.size) for (const key of this.table.keys()) this.#changed.add(key);
  }
}
