import type { Family } from './family.ts';
import type { Part } from './part.ts';

/** A series of a table: a small number, given again to another series after `remove`. */
export type SeriesRef = number;

export interface SeriesOptions {
  /** Epoch seconds at which the counters began at zero; shown in OpenMetrics only. */
  readonly createdS?: number;
  /** Whether the series is expected to change often, as a newborn digest is. */
  readonly hot?: boolean;
}

/** Series with the same labels in one or more families; each family is a column. Labels come from `encodeLabels`. */
export class SeriesTable {
  /** Whether scrapes show these series. They keep their values while withheld. */
  exposed = true;
  readonly #families: readonly Family[];
  readonly #parts: readonly Part[];
  /** Numbers that are free, and those that will be once their bytes are gone. */
  #free: SeriesRef[] = [];
  #removed: SeriesRef[] = [];
  #used = 0;
  #size = 0;

  constructor(families: readonly Family[], parts: readonly Part[]) {
    this.#families = families;
    this.#parts = parts;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds a series at zero (an info: at one). The caller sees to it that no two series have the same labels. */
  add(labels: Buffer, { createdS, hot = false }: SeriesOptions = {}): SeriesRef {
    const ref = this.#free.pop() ?? this.#used++;
    for (const part of this.#parts) part.add(ref, labels, createdS, hot);
    this.#size++;
    return ref;
  }

  /** Sets the value in one family. Throws a RangeError for a series that was removed. */
  set(ref: SeriesRef, value: number, column = 0): void {
    (this.#parts[column] as Part).set(ref, value, 0);
  }

  /**
   * Sets a histogram: observations per bucket, not cumulative, the last one above all bounds, and their sum in the
   * family's kind of value. Throws a RangeError if there are more or fewer buckets than the family has.
   */
  setHistogram(ref: SeriesRef, buckets: readonly number[], sum: number, column = 0): void {
    const part = this.#parts[column] as Part;
    const expected = (this.#families[column]?.bounds?.length ?? Number.NaN) + 1;
    if (buckets.length !== expected) throw new RangeError(`${buckets.length} buckets instead of ${expected}`);
    let count = 0;
    for (const [line, observations] of buckets.entries()) {
      count += observations;
      part.set(ref, count, line);
    }
    part.set(ref, sum, buckets.length);
    part.set(ref, count, buckets.length + 1);
  }

  /** Removes a series: no scrape from now on shows it. Throws a RangeError if it is gone. */
  remove(ref: SeriesRef): void {
    for (const part of this.#parts) part.remove(ref);
    this.#removed.push(ref);
    this.#size--;
  }

  /** Takes the bytes of removed series out. */
  compact(): void {
    if (this.#removed.length === 0) return;
    for (const part of this.#parts) part.compact();
    this.#free = this.#free.concat(this.#removed);
    this.#removed = [];
  }
}
