import type { Clock } from './clock.ts';
import { pause } from './pause.ts';
import type { ReadGate, Turn } from './read-gate.ts';

export interface FullReadGateOptions {
  /** Rows that may be on their way at once; a larger table goes alone. @default 50000 */
  readonly maxRows?: number;
  /** A proxy that answers later keeps nobody waiting any more. @default 2000 */
  readonly patienceMs?: number;
  /** Rows that late answers may bring, all together: they may come at once. @default 1000000 */
  readonly maxLateRows?: number;
}

interface Inside {
  rows: number;
  /** Until then the answer may be on its way; Infinity once it is there. */
  untilMs: number;
}

/**
 * Lets large reads of digest tables in by turns, first come first served. Their rows take several times the memory of what
 * is kept of them, and at the start of a gateway, or of scanning, all proxies are read whole.
 */
export class FullReadGate implements ReadGate {
  readonly #clock: Clock;
  readonly #maxRows: number;
  readonly #patienceMs: number;
  readonly #maxLateRows: number;
  readonly #inside = new Set<Inside>();
  readonly #queue = new Set<symbol>();
  #changed = Promise.withResolvers<void>();

  constructor(
    clock: Clock,
    { maxRows = 50_000, patienceMs = 2_000, maxLateRows = 1_000_000 }: FullReadGateOptions = {},
  ) {
    this.#clock = clock;
    this.#maxRows = maxRows;
    this.#patienceMs = patienceMs;
    this.#maxLateRows = maxLateRows;
  }

  /** Waits for a turn to read about so many rows. Rejects when aborted. */
  async enter(rows: number, signal: AbortSignal): Promise<Turn> {
    signal.throwIfAborted();
    const place = Symbol();
    this.#queue.add(place);
    try {
      while (!this.#isFirst(place) || !this.#hasRoomFor(rows)) await this.#untilChanged(signal);
    } finally {
      this.#queue.delete(place);
      this.#noteChange();
    }
    const inside = { rows, untilMs: this.#clock.nowMs() + this.#patienceMs };
    this.#inside.add(inside);
    return {
      arrived(arrivedRows) {
        inside.rows = arrivedRows;
        inside.untilMs = Number.POSITIVE_INFINITY;
      },
      leave: () => {
        this.#inside.delete(inside);
        this.#noteChange();
      },
    };
  }

  #isFirst(place: symbol): boolean {
    const [first] = this.#queue;
    return first === place;
  }

  #hasRoomFor(rows: number): boolean {
    let [counting, late] = [0, 0];
    for (const inside of this.#inside) {
      if (inside.untilMs > this.#clock.nowMs()) counting += inside.rows;
      else late += inside.rows;
    }
    return (counting === 0 || counting + rows <= this.#maxRows) && late <= this.#maxLateRows;
  }

  #noteChange(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Until somebody left the gate or the queue, or an answer is late. */
  async #untilChanged(signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const waits = [...this.#inside].map(({ untilMs }) => untilMs - nowMs).filter((ms) => ms > 0);
    const over = new AbortController();
    void this.#changed.promise.then(() => over.abort());
    await pause(Math.max(1, Math.min(this.#patienceMs, ...waits)), AbortSignal.any([signal, over.signal]));
    signal.throwIfAborted();
  }
}
