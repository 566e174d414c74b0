import type { Catalogue } from './catalogue.ts';
import type { Body } from './chunk.ts';
import type { Family } from './family.ts';
import { Part } from './part.ts';
import { SeriesTable } from './series-table.ts';
import { IDLE_ROUNDS } from './temperature.ts';

export interface DocumentOptions {
  /**
   * Bytes of a full chunk: what one changed series makes a scraper's gzip compress again.
   * @default - 64 KiB
   */
  readonly chunkBytes?: number;
}

/**
 * All series of one proxy, ready to be sent. Written by one worker; read by scrapes (scrape.ts) at any time, each of which
 * sees what was set before it and nothing after.
 */
export class ProxyDocument {
  readonly #catalogue: Catalogue;
  readonly #chunkBytes: number;
  readonly #parts: (Part | undefined)[] = [];
  readonly #tables: (SeriesTable | undefined)[] = [];
  #rounds = 0;

  constructor(catalogue: Catalogue, { chunkBytes = 65_536 }: DocumentOptions = {}) {
    this.#catalogue = catalogue;
    this.#chunkBytes = chunkBytes;
  }

  /** About so many bytes of memory. */
  get byteLength(): number {
    return this.#parts.reduce((sum, part) => sum + (part?.byteLength ?? 0), 0);
  }

  /**
   * Series that stand in all the given families with the same labels. Throws a TypeError if a family is not in the
   * catalogue or stands in another table of this document.
   */
  table(...families: readonly Family[]): SeriesTable {
    const indexes = families.map((family) => {
      const index = this.#catalogue.families.indexOf(family);
      if (index < 0) throw new TypeError(`metric family ${family.name} is not in the catalogue`);
      if (this.#parts[index] !== undefined) throw new TypeError(`metric family ${family.name} has a table`);
      return index;
    });
    const parts = families.map((family) => new Part(family, this.#chunkBytes));
    const table = new SeriesTable(families, parts);
    indexes.forEach((index, i) => {
      this.#parts[index] = parts[i];
      this.#tables[index] = table;
    });
    return table;
  }

  /**
   * To be called once per collection, after its values were set and before they are scraped: moves series that change
   * often together and forgets what scrapers no longer ask for. Bounded work.
   */
  settle(): void {
    for (const table of new Set(this.#tables)) table?.compact();
    const idle = ++this.#rounds % IDLE_ROUNDS === 0;
    for (const part of this.#parts) {
      part?.settle();
      if (idle) part?.forgetIdle();
    }
  }

  /** Appends the bytes of one family, by its place in the catalogue; nothing if its table is withheld. */
  collect(family: number, withCreated: boolean, into: Body[]): void {
    if (this.#tables[family]?.exposed === true) this.#parts[family]?.collect(withCreated, into);
  }
}
