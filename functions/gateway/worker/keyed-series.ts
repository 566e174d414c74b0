import { encodeLabels } from '../exposition/labels.ts';
import type { SeriesOptions, SeriesRef, SeriesTable } from '../exposition/series-table.ts';

/** Series of one table by a key of the caller's; the key alone tells series apart. */
export class KeyedSeries {
  readonly table: SeriesTable;
  readonly #common: Readonly<Record<string, string>>;
  readonly #refs = new Map<string, SeriesRef>();

  /** `common` labels stand first in each series. */
  constructor(table: SeriesTable, common: Readonly<Record<string, string>>) {
    this.table = table;
    this.#common = common;
  }

  /** The series of a key; `labelsOf` is asked only when it is new. */
  refOf(key: string, labelsOf: () => Readonly<Record<string, string>>, options?: SeriesOptions): SeriesRef {
    const held = this.#refs.get(key);
    if (held !== undefined) return held;
    const ref = this.table.add(encodeLabels({ ...this.#common, ...labelsOf() }), options);
    this.#refs.set(key, ref);
    return ref;
  }

  keys(): Iterable<string> {
    return this.#refs.keys();
  }

  remove(key: string): void {
    const ref = this.#refs.get(key);
    if (ref === undefined) return;
    this.table.remove(ref);
    this.#refs.delete(key);
  }

  /** Removes the series of all other keys. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const key of this.#refs.keys()) if (!keys.has(key)) this.remove(key);
  }
}
