import { setImmediate } from 'node:timers/promises';
import type { Log } from '@proxywatch/core/ports/log';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import type { Clock } from '../worker/clock.ts';
import type { HistoryKeeper } from '../worker/history-keeper.ts';
import { pause } from './pause.ts';
import { RetentionSweep } from './retention-sweep.ts';
import { spillLevelOf } from './spill-level.ts';

export interface HistoryMemoryOptions {
  /** Histories of the proxies that this gateway holds. */
  readonly keepers: () => readonly HistoryKeeper[];
  readonly budgetBytes: number;
  /** Rows idle for longer leave memory. */
  readonly idleS: number;
  /** Rows idle for longer leave the store. */
  readonly retentionS: number;
  readonly clock: Clock;
  readonly metrics: GatewayMetrics;
  readonly log: Log;
}

/** Spilling goes so far below the budget that it is not needed again at once. */
const SPILL_TO = 0.9;
/** What cannot be spilled (series, rows that are not stored yet) makes another round worth while, a few times. */
const MAX_ROUNDS = 3;
const TICK_MS = 1_000;
/** Idle rows are looked for so many times within the idle time, and at least once a minute. */
const PASSES_PER_IDLE = 10;
const MAX_PASS_MS = 60_000;

/**
 * Keeps the histories of a gateway within its memory: idle rows leave it, the heaviest histories are spilled when all
 * together are too large, and what nobody touched for long leaves the store.
 */
export class HistoryMemory {
  readonly #options: HistoryMemoryOptions;
  readonly #sweep: RetentionSweep;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;
  #isOverBudget = false;

  constructor(options: HistoryMemoryOptions) {
    this.#options = options;
    this.#sweep = new RetentionSweep(options);
  }

  get bytes(): number {
    return this.#options.keepers().reduce((sum, keeper) => sum + keeper.byteLength, 0);
  }

  /** Rows that were touched less than so many seconds ago are worth their memory; none is while it is short. */
  busyS(): number {
    const { idleS, budgetBytes } = this.#options;
    return this.bytes < SPILL_TO * budgetBytes ? idleS : 0;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  /** Spills the heaviest histories if all together are above the budget. */
  relieve(): void {
    const { keepers, budgetBytes, metrics } = this.#options;
    const target = SPILL_TO * budgetBytes;
    const all = keepers();
    let rounds = this.bytes > budgetBytes ? MAX_ROUNDS : 0;
    for (; rounds > 0 && this.bytes > target; rounds--) {
      const level = spillLevelOf(
        all.map((keeper) => keeper.byteLength),
        SPILL_TO * budgetBytes,
      );
      for (const keeper of all) {
        if (keeper.byteLength <= level) continue;
        metrics.spills.inc();
        metrics.evictedRows.inc({ reason: 'spill' }, keeper.spill(keeper.byteLength - level));
      }
    }
    this.#noteBudget();
  }

  /** Idle rows leave memory; other work has its turn between two histories. */
  async evictIdle(): Promise<void> {
    const { keepers, idleS, retentionS, clock, metrics } = this.#options;
    for (const keeper of keepers()) {
      const nowS = Math.floor(clock.wallMs() / 1000);
      metrics.evictedRows.inc({ reason: 'idle' }, keeper.evict(nowS - idleS));
      keeper.unseal(nowS - retentionS);
      await setImmediate();
    }
  }

  async #run(): Promise<void> {
    const { idleS, clock } = this.#options;
    const { signal } = this.#stopping;
    const passMs = Math.min(MAX_PASS_MS, Math.max(TICK_MS, (idleS * 1000) / PASSES_PER_IDLE));
    let passAtMs = clock.nowMs() + passMs;
    while (!signal.aborted) {
      this.relieve();
      if (clock.nowMs() >= passAtMs) {
        await this.evictIdle();
        passAtMs = clock.nowMs() + passMs;
      }
      await this.#sweep.step(signal);
      await pause(TICK_MS, signal);
    }
  }

  #noteBudget(): void {
    const { budgetBytes, metrics, log } = this.#options;
    const { bytes } = this;
    metrics.historyBytes.set(bytes);
    const isOver = bytes > budgetBytes;
    if (isOver && !this.#isOverBudget) log.warn('histories are above their memory budget', { bytes, budgetBytes });
    this.#isOverBudget = isOver;
  }
}
