import { errorCodeOf } from '@proxywatch/core/domain/errors';
import type { Clock } from '../../collection/clock.ts';
import type { HistoryKeeper } from '../../collection/history-keeper.ts';

export interface RetentionSweepOptions {
  readonly keepers: () => readonly HistoryKeeper[];
  readonly retentionS: number;
  readonly clock: Clock;
}

/** A round through all histories begins so often within a retention, and no more often than every so many seconds. */
const ROUNDS_PER_RETENTION = 24;
const MIN_ROUND_S = 1;
/** Steps that may fail, or find a collection under way, before the next history has its turn. */
const MAX_FAILURES = 10;
const STEP_TIMEOUT_MS = 5_000;

/** Takes rows that nobody touched for long out of the store: one bounded step at a time, one proxy after the other. */
export class RetentionSweep {
  readonly #options: RetentionSweepOptions;
  #queue: HistoryKeeper[] = [];
  #cursor = '0';
  #failures = 0;
  #roundAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: RetentionSweepOptions) {
    this.#options = options;
  }

  /** One step; never rejects. A store that is away, or another owner, is no reason to do anything here. */
  async step(stopping: AbortSignal): Promise<void> {
    const keeper = this.#next();
    if (!keeper) return;
    const { clock, retentionS } = this.#options;
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(STEP_TIMEOUT_MS)]);
    const touchedBeforeS = Math.floor(clock.wallMs() / 1000) - retentionS;
    try {
      const cursor = await keeper.sweep(this.#cursor, touchedBeforeS, signal);
      if (cursor === undefined) return this.#fail();
      this.#cursor = cursor;
      this.#failures = 0;
      if (cursor === '0') this.#startNext();
    } catch (error) {
      if (errorCodeOf(error) === undefined) throw error;
      this.#fail();
    }
  }

  #next(): HistoryKeeper | undefined {
    const { keepers, retentionS, clock } = this.#options;
    if (this.#queue.length === 0 && clock.nowMs() >= this.#roundAtMs) {
      this.#queue = [...keepers()];
      this.#roundAtMs = clock.nowMs() + Math.max(MIN_ROUND_S, retentionS / ROUNDS_PER_RETENTION) * 1000;
    }
    // Those of proxies that were let go meanwhile are another gateway's, and must not stay in memory for this.
    const held = new Set(keepers());
    while (this.#queue[0] && !held.has(this.#queue[0])) this.#startNext();
    return this.#queue[0];
  }

  #fail(): void {
    if (++this.#failures >= MAX_FAILURES) this.#startNext();
  }

  #startNext(): void {
    this.#queue.shift();
    this.#cursor = '0';
    this.#failures = 0;
  }
}
