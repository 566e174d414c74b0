import type { Clock } from '../worker/clock.ts';
import { pause } from './pause.ts';

export interface FullReadGateOptions {
  /** Rows that may be on their way at once; a larger table goes alone. @default 50000 */
  readonly maxRows?: number;
  /** A read that takes longer keeps nobody waiting any more: a slow proxy delays no other for long. @default 2000 */
  readonly patienceMs?: number;
}

interface Pass {
  readonly rows: number;
  readonly untilMs: number;
}

/**
 * Lets whole digest tables in by turns. Their rows take several times the memory of what is kept of them, and at the start
 * of a gateway all its proxies are read whole.
 */
export class FullReadGate {
  readonly #clock: Clock;
  readonly #maxRows: number;
  readonly #patienceMs: number;
  readonly #inside = new Set<Pass>();
  #changed = Promise.withResolvers<void>();

  constructor(clock: Clock, { maxRows = 50_000, patienceMs = 2_000 }: FullReadGateOptions = {}) {
    this.#clock = clock;
    this.#maxRows = maxRows;
    this.#patienceMs = patienceMs;
  }

  /** Waits for a turn; to be called when the read is merged and stored: the function that it gives. Rejects when aborted. */
  async enter(rows: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    while (!this.#hasRoomFor(rows)) await this.#untilChanged(signal);
    const pass = { rows, untilMs: this.#clock.nowMs() + this.#patienceMs };
    this.#inside.add(pass);
    return () => {
      this.#inside.delete(pass);
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    };
  }

  #hasRoomFor(rows: number): boolean {
    const counting = [...this.#inside].filter(({ untilMs }) => untilMs > this.#clock.nowMs());
    return counting.length === 0 || counting.reduce((sum, pass) => sum + pass.rows, rows) <= this.#maxRows;
  }

  async #untilChanged(signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const waits = [...this.#inside].map(({ untilMs }) => untilMs - nowMs).filter((ms) => ms > 0);
    const over = new AbortController();
    void this.#changed.promise.then(() => over.abort());
    await pause(Math.max(1, Math.min(...waits)), AbortSignal.any([signal, over.signal]));
    signal.throwIfAborted();
  }
}
