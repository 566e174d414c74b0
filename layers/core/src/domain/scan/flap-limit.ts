/** Events of one subject within the present hour, and when that began (epoch milliseconds). */
export interface FlapCount {
  readonly sinceMs: number;
  readonly events: number;
}

const WINDOW_MS = 3_600_000;
const MAX_EVENTS = 6;

/**
 * Keeps a subject that changes all the time from filling every sink: after some events within an hour it is silent until the
 * hour is over, and then tells what it has become.
 */
export class FlapLimit {
  readonly #counts: Map<string, FlapCount>;
  readonly #nowMs: number;

  constructor(counts: ReadonlyMap<string, FlapCount>, nowMs: number) {
    this.#counts = new Map([...counts].filter(([, { sinceMs }]) => sinceMs <= nowMs && nowMs - sinceMs < WINDOW_MS));
    this.#nowMs = nowMs;
  }

  get counts(): ReadonlyMap<string, FlapCount> {
    return this.#counts;
  }

  /** Whether the subject may tell of a change now; `last` when it is silent afterwards. */
  take(subject: string): 'allowed' | 'last' | 'refused' {
    const { sinceMs, events } = this.#counts.get(subject) ?? { sinceMs: this.#nowMs, events: 0 };
    if (events >= MAX_EVENTS) return 'refused';
    this.#counts.set(subject, { sinceMs, events: events + 1 });
    return events + 1 === MAX_EVENTS ? 'last' : 'allowed';
  }
}
