import { errorCodeOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import {
  batchOf,
  markStored,
  nothingRemembered,
  type RememberedProxy,
  rememberedOf,
} from '@proxywatch/core/domain/history/history-batch';
import type { HistoryStore } from '@proxywatch/core/ports/history-store';
import { bounded } from './bounded.ts';
import type { Clock } from './clock.ts';

/** More than a read and the way of its write to the store can take: so much older than it says may a stored read be. */
const MAX_READ_AND_WRITE_MS = 60_000;
/** A damaged history is for people to look after; until then it is not fetched again by every scrape. */
const DAMAGED_RETRY_MS = 60_000;

/** When a read was made, by our steady clock: no earlier than the first, no later than the second. */
export interface ReadTime {
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
  #readTime: ReadTime | undefined;
  #token: string | undefined;
  /** The state of the store that ours is ahead of; `undefined` when it holds nothing of ours. */
  #revision: string | undefined;
  /** Others may have written since we did: what is remembered is compared with the store before it is used again. */
  #isDoubtful = false;
  #damage: { readonly error: unknown; readonly untilMs: number } | undefined;

  constructor(proxyId: string, store: HistoryStore, clock: Clock) {
    this.#proxyId = proxyId;
    this.#store = store;
    this.#clock = clock;
  }

  get remembered(): RememberedProxy | undefined {
    return this.#remembered;
  }

  /** When the read was made that the history last took over; `undefined` before the first one of all. */
  get readTime(): ReadTime | undefined {
    return this.#readTime;
  }

  noteRead(time: ReadTime): void {
    this.#readTime = time;
  }

  /** The lease was lost and won again: another gateway may have come and gone meanwhile. */
  regain(): void {
    this.#isDoubtful = true;
  }

  /** Claims and loads the history, unless that is done. Rejects with STORE_UNAVAILABLE, RECORD_DAMAGED. */
  async load(signal: AbortSignal): Promise<RememberedProxy> {
    if (this.#remembered && !this.#isDoubtful) return this.#remembered;
    if (this.#damage && this.#clock.nowMs() < this.#damage.untilMs) throw this.#damage.error;
    this.#damage = undefined;
    try {
      this.#remembered = await this.#claimAndLoad(signal);
      return this.#remembered;
    } catch (error) {
      if (errorCodeOf(error) === 'RECORD_DAMAGED') {
        this.#damage = { error, untilMs: this.#clock.nowMs() + DAMAGED_RETRY_MS };
      }
      throw error;
    }
  }

  /**
   * Writes what changed since the last write. Rejects with STORE_UNAVAILABLE (try again), or with STORE_FENCED when another
   * gateway has the proxy now: what is remembered here is compared with what the store holds before it is used again. (It
   * may have been ourselves: a lease that was lost with a Redis that came back empty is won again beside a write.)
   */
  async save(signal: AbortSignal): Promise<void> {
    const remembered = this.#remembered;
    if (!remembered) return;
    if (this.#isDoubtful) {
      throw new ProxywatchError(
        'STORE_UNAVAILABLE',
        `the lease of ${this.#proxyId} was lost and won again: not compared yet`,
      );
    }
    try {
      if (await this.#write(remembered, signal)) return;
      this.#token = await this.#claim(signal);
      if (await this.#write(remembered, signal)) return;
    } catch (error) {
      if (errorCodeOf(error) === 'STORE_FENCED') this.#isDoubtful = true;
      throw error;
    }
    throw new ProxywatchError('STORE_UNAVAILABLE', `the store lost the history of ${this.#proxyId} twice in a row`);
  }

  async #claimAndLoad(signal: AbortSignal): Promise<RememberedProxy> {
    this.#token = await this.#claim(signal);
    const askedMs = this.#clock.nowMs();
    const stored = await this.#bounded(this.#store.load(this.#proxyId, signal), signal);
    const answeredMs = this.#clock.nowMs();
    this.#isDoubtful = false;
    // A store that came back empty, or stands as we left it, knows nothing that we do not.
    if (this.#remembered && (!stored || stored.revision === this.#revision)) {
      this.#revision = stored?.revision;
      return this.#remembered;
    }
    const remembered = stored ? rememberedOf(stored) : nothingRemembered();
    this.#revision = stored?.revision;
    this.#readTime = stored && {
      earliestMs: askedMs - stored.ageMs - MAX_READ_AND_WRITE_MS,
      latestMs: answeredMs - stored.ageMs,
    };
    return remembered;
  }

  #claim(signal: AbortSignal): Promise<string> {
    return this.#bounded(this.#store.claim(this.#proxyId, signal), signal);
  }

  /** False when the store lost what it held of ours: the next write is one of everything. */
  async #write(remembered: RememberedProxy, signal: AbortSignal): Promise<boolean> {
    const [token, revision, readTime] = [this.#token, this.#revision, this.#readTime];
    const batch = batchOf(remembered, revision === undefined);
    if (!batch || !readTime || token === undefined) return true;
    const write = { token, revision, readAgeMs: this.#clock.nowMs() - readTime.latestMs, batch };
    const saved = await this.#bounded(this.#store.save(this.#proxyId, write, signal), signal);
    this.#revision = saved.kind === 'saved' ? saved.revision : undefined;
    if (saved.kind === 'saved') markStored(remembered);
    return saved.kind === 'saved';
  }

  #bounded<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
    return bounded(answer, signal, { code: 'STORE_UNAVAILABLE', what: `the history store of ${this.#proxyId}` });
  }
}
