import type { LabClock } from './clock.ts';

// Worker threads count for themselves and hand over when their poll of 2 s times out.
const LAG_US = 2_000_000;

/** Counters that are shown about 2 s after they were counted, as command counters and rule hits are. */
export class LaggedCounters<K> {
  readonly #clock: LabClock;
  readonly #width: number;
  readonly #shown = new Map<K, number[]>();
  readonly #pending = new Map<K, number[]>();
  #dueUs = Number.POSITIVE_INFINITY;

  /** `width`: how many numbers there are per key. */
  constructor(clock: LabClock, width: number) {
    this.#clock = clock;
    this.#width = width;
  }

  add(key: K, index: number, by: number): void {
    this.#handOver();
    if (this.#pending.size === 0) this.#dueUs = this.#clock.monotonicUs() + LAG_US;
    const counters = this.#pending.get(key) ?? this.#zeros();
    counters[index] = (counters[index] ?? 0) + by;
    this.#pending.set(key, counters);
  }

  shown(key: K): readonly number[] {
    this.#handOver();
    return this.#shown.get(key) ?? this.#zeros();
  }

  clear(): void {
    this.#shown.clear();
    this.#pending.clear();
    this.#dueUs = Number.POSITIVE_INFINITY;
  }

  #handOver(): void {
    if (this.#pending.size === 0 || this.#clock.monotonicUs() < this.#dueUs) return;
    for (const [key, added] of this.#pending) {
      const counters = this.#shown.get(key) ?? this.#zeros();
      this.#shown.set(
        key,
        counters.map((value, i) => value + (added[i] ?? 0)),
      );
    }
    this.#pending.clear();
  }

  #zeros(): number[] {
    return Array.from({ length: this.#width }, () => 0);
  }
}
