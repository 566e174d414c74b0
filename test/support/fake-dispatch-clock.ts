import type { DispatchClock } from '../../functions/scanner/dispatch/dispatch-clock.ts';

/** A clock that passes only when a test says so; whoever sleeps wakes in the order of time. */
export class FakeDispatchClock implements DispatchClock {
  #ms: number;
  readonly #sleepers = new Set<{ readonly untilMs: number; wake(): void }>();

  constructor(startMs = 0) {
    this.#ms = startMs;
  }

  nowMs(): number {
    return this.#ms;
  }

  wallMs(): number {
    return this.#ms;
  }

  random(): number {
    return 0.5;
  }

  get sleeping(): number {
    return this.#sleepers.size;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const sleeper = { untilMs: this.#ms + ms, wake };
      const abort = () => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason);
      };
      function wake(): void {
        signal.removeEventListener('abort', abort);
        resolve();
      }
      this.#sleepers.add(sleeper);
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  /** Lets time pass, a sleeper at a time, each with the time to do what it woke for. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#ms + ms;
    for (;;) {
      await settled();
      const next = [...this.#sleepers].toSorted((a, b) => a.untilMs - b.untilMs)[0];
      if (next === undefined || next.untilMs > endMs) break;
      this.#ms = Math.max(this.#ms, next.untilMs);
      this.#sleepers.delete(next);
      next.wake();
    }
    this.#ms = endMs;
    await settled();
  }
}

/** Everything that can go on without time passing has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
