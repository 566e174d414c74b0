import { errorCodeOf } from '@proxywatch/core/domain/errors';
import {
  batchOf,
  markStored,
  nothingRemembered,
  type RememberedProxy,
  rememberedOf,
} from '@proxywatch/core/domain/history/history-batch';
import type { HistoryStore } from '@proxywatch/core/ports/history-store';
import type { Clock } from './clock.ts';

/** Longest time that may lie between a read and the write of what it brought, for a history that was loaded. */
const MAX_WRITE_DELAY_MS = 120_000;

/** When the baseline of the history was read, by our steady clock: no earlier than the first, no later than the second. */
export interface BaselineTime {
  readonly earliestMs: number;
  readonly latestMs: number;
}

/**
 * The history of one proxy in memory, and its twin in the store: loaded once, then only written. What was not written yet
 * stays due; nothing may be exposed before.
 */
export class HistoryKeeper {
  readonly #proxyId: string;
  readonly #store: HistoryStore;
  readonly #clock: Clock;
  #remembered: RememberedProxy | undefined;
  #token: string | undefined;
  #revision: string | undefined;
  #loadedBaseline: BaselineTime | undefined;

  constructor(proxyId: string, store: HistoryStore, clock: Clock) {
    this.#proxyId = proxyId;
    this.#store = store;
    this.#clock = clock;
  }

  get remembered(): RememberedProxy | undefined {
    return this.#remembered;
  }

  /** When the baseline that was loaded had been read. */
  get loadedBaseline(): BaselineTime | undefined {
    return this.#loadedBaseline;
  }

  /** Claims and loads the history, unless that is done. Rejects with STORE_UNAVAILABLE, RECORD_DAMAGED. */
  async load(signal: AbortSignal): Promise<RememberedProxy> {
    if (this.#remembered) return this.#remembered;
    this.#token = await this.#store.claim(this.#proxyId, signal);
    const askedMs = this.#clock.nowMs();
    const stored = await this.#store.load(this.#proxyId, signal);
    if (stored) {
      this.#loadedBaseline = {
        earliestMs: askedMs - stored.ageMs - MAX_WRITE_DELAY_MS,
        latestMs: this.#clock.nowMs() - stored.ageMs,
      };
    }
    this.#revision = stored?.revision;
    this.#remembered = stored ? rememberedOf(stored) : nothingRemembered();
    return this.#remembered;
  }

  /**
   * Writes what changed since the last write. Rejects with STORE_UNAVAILABLE (try again), or with STORE_FENCED when another
   * gateway has the proxy now: what is remembered here is given up then.
   */
  async save(signal: AbortSignal): Promise<void> {
    const remembered = this.#remembered;
    if (!remembered) return;
    try {
      if (await this.#write(remembered, this.#revision === undefined, signal)) return;
      this.#token = await this.#store.claim(this.#proxyId, signal);
      await this.#write(remembered, true, signal);
    } catch (error) {
      if (errorCodeOf(error) === 'STORE_FENCED') this.#remembered = undefined;
      throw error;
    }
  }

  async #write(remembered: RememberedProxy, isFirst: boolean, signal: AbortSignal): Promise<boolean> {
    const batch = batchOf(remembered, isFirst);
    if (!batch || this.#token === undefined) return true;
    const saved = await this.#store.save(this.#proxyId, this.#token, this.#revision, batch, signal);
    this.#revision = saved.kind === 'saved' ? saved.revision : undefined;
    if (saved.kind === 'saved') markStored(remembered);
    return saved.kind === 'saved';
  }
}
