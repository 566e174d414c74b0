import type { Clock } from '../../collection/clock.ts';

/**
 * Proxies that are assigned to somebody else by now, and kept until he had the time to hear of it: let go at once, they
 * would have nobody until his next heartbeat.
 */
export class Partings {
  readonly #patienceMs: number;
  readonly #clock: Clock;
  readonly #sinceMs = new Map<string, number>();

  constructor(patienceMs: number, clock: Clock) {
    this.#patienceMs = patienceMs;
    this.#clock = clock;
  }

  /** Whether any proxy is to be let go soon. */
  get arePending(): boolean {
    return this.#sinceMs.size > 0;
  }

  /** Which of the proxies that leave are to be kept for now. */
  keep(leaving: ReadonlySet<string>): ReadonlySet<string> {
    const nowMs = this.#clock.nowMs();
    for (const id of this.#sinceMs.keys()) if (!leaving.has(id)) this.#sinceMs.delete(id);
    const kept = new Set<string>();
    for (const id of leaving) {
      const sinceMs = this.#sinceMs.get(id) ?? nowMs;
      this.#sinceMs.set(id, sinceMs);
      if (nowMs - sinceMs < this.#patienceMs) kept.add(id);
    }
    return kept;
  }
}
