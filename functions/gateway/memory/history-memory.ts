import { setImmediate } from 'node:timers/promises';
import type { Log } from '@proxywatch/core/ports/log';
import type { Clock } from '../../collection/clock.ts';
import type { HistoryKeeper } from '../../collection/history-keeper.ts';
import { pause } from '../../collection/pause.ts';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import { RetentionSweep } from './retention-sweep.ts';
import { spillLevelOf } from './spill-level.ts';

export interface HistoryMemoryOptions {
  /** Histories of the proxies that this gateway holds. */
  readonly keepers: () => readonly HistoryKeeper[];
  /**
   * Memory of what is shown. It cannot shrink, so histories make room for it. @default 0
   */
  readonly expositionBytes?: () => number;
  readonly budgetBytes: number;
  /** Rows idle for longer leave memory. */
  readonly idleS: number;
  /** Rows idle for longer leave the store, and series that were not shown for longer leave it and memory. */
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
/** What is shown takes its memory from the 300 MB beside the budget first; beyond so much, from the budget. */
const EXPOSITION_ALLOWANCE_BYTES = 50e6;
/** Measuring takes a walk over all proxies: not with each collection of one of them. */
const MEASURE_MS = 100;
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
  #measured = { atMs: Number.NEGATIVE_INFINITY, bytes: 0 };
  #expositionBytes = 0;

  constructor(options: HistoryMemoryOptions) {
    this.#options = options;
    this.#sweep = new RetentionSweep(options);
  }

  get bytes(): number {
    return this.#options.keepers().reduce((sum, keeper) => sum + keeper.byteLength, 0);
  }

  /** Rows that were touched less than so many seconds ago are worth their memory; none is while it is short. */
  busyS(): number {
    const bytes = this.#isMeasuredLately ? this.#measured.bytes : this.#measure();
    return bytes < SPILL_TO * this.#budgetBytes ? this.#options.idleS : 0;
  }

  /** A history is stored: its rows may leave memory. */
  noteStored(): void {
    if (!this.#isMeasuredLately) this.relieve();
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
    const target = SPILL_TO * this.#budgetBytes;
    let isOver = this.#measure() > this.#budgetBytes;
    for (let round = 0; isOver && round < MAX_ROUNDS; round++) {
      isOver = this.#spill(target) > 0 && this.#measure() > target;
    }
    this.#noteBudget();
  }

  /** Idle rows leave memory, and series that are not shown for long; other work has its turn between two histories. */
  async evictIdle(): Promise<void> {
    const { keepers, idleS, retentionS, clock, metrics } = this.#options;
    for (const keeper of keepers()) {
      const nowS = Math.floor(clock.wallMs() / 1000);
      metrics.evictedRows.inc({ reason: 'idle' }, keeper.evict(nowS - idleS));
      metrics.retiredSeries.inc(keeper.retire(nowS - retentionS));
      await setImmediate();
    }
  }

  /** Answers how many rows have left memory. */
  #spill(targetBytes: number): number {
    const { keepers, metrics } = this.#options;
    const all = keepers();
    const level = spillLevelOf(
      all.map((keeper) => keeper.byteLength),
      targetBytes,
    );
    let rows = 0;
    for (const keeper of all.filter(({ byteLength }) => byteLength > level)) {
      const spilled = keeper.spill(keeper.byteLength - level);
      if (spilled > 0) metrics.spills.inc();
      rows += spilled;
    }
    metrics.evictedRows.inc({ reason: 'spill' }, rows);
    return rows;
  }

  async #run(): Promise<void> {
    const { idleS, clock } = this.#options;
    const { signal } = this.#stopping;
    const passMs = Math.min(MAX_PASS_MS, Math.max(TICK_MS, (idleS * 1000) / PASSES_PER_IDLE));
    let passAtMs = clock.nowMs() + passMs;
    while (!signal.aborted) {
      this.#expositionBytes = this.#options.expositionBytes?.() ?? 0;
      this.relieve();
      if (clock.nowMs() >= passAtMs) {
        await this.evictIdle();
        passAtMs = clock.nowMs() + passMs;
      }
      await this.#sweep.step(signal);
      await pause(TICK_MS, signal);
    }
  }

  #measure(): number {
    const { bytes } = this;
    this.#measured = { atMs: this.#options.clock.nowMs(), bytes };
    return bytes;
  }

  get #isMeasuredLately(): boolean {
    return this.#options.clock.nowMs() - this.#measured.atMs < MEASURE_MS;
  }

  /** What is left for histories: the first part of what is shown has a place beside the budget, see ADR 7. */
  get #budgetBytes(): number {
    return Math.max(0, this.#options.budgetBytes - Math.max(0, this.#expositionBytes - EXPOSITION_ALLOWANCE_BYTES));
  }

  #noteBudget(): void {
    const { metrics, log } = this.#options;
    const bytes = this.#measure();
    const budgetBytes = this.#budgetBytes;
    metrics.historyBytes.set(bytes);
    const isOver = bytes > budgetBytes;
    if (isOver && !this.#isOverBudget) log.warn('histories are above their memory budget', { bytes, budgetBytes });
    this.#isOverBudget = isOver;
  }
}
