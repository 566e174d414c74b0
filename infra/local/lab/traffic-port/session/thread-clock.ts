import type { LabClock } from '../../stats/clock.ts';

// A worker thread without traffic looks at the clock only when its poll times out.
const POLL_US = 2_000_000;

/** The time as a worker thread knows it: exact while it has traffic, up to 2 s behind while it is quiet. */
export class ThreadClock {
  readonly id: number;
  readonly #clock: LabClock;
  #seenUs: number;

  constructor(id: number, clock: LabClock) {
    this.id = id;
    this.#clock = clock;
    this.#seenUs = clock.monotonicUs();
  }

  /** Traffic woke the thread up. */
  wake(): number {
    this.#seenUs = this.#clock.monotonicUs();
    return this.#seenUs;
  }

  nowUs(): number {
    return this.#seenUs + Math.floor((this.#clock.monotonicUs() - this.#seenUs) / POLL_US) * POLL_US;
  }
}
