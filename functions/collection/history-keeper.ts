import type { ReadTiming } from '@proxywatch/core/domain/digests/baseline';
import type { DigestRead } from '@proxywatch/core/domain/digests/digest-read';
import type { Recall, RecallScope } from '@proxywatch/core/domain/digests/recall';
import { errorCodeOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import {
  batchOf,
  isAllStored,
  markLost,
  markStored,
  nothingRemembered,
  type RememberedProxy,
} from '@proxywatch/core/domain/history/history-batch';
import { noteRecords } from '@proxywatch/core/domain/history/recall-records';
import { type Damage, restoreHistory } from '@proxywatch/core/domain/history/restore-history';
import type { HistoryStore } from '@proxywatch/core/ports/history-store';
import { bounded } from './bounded.ts';
import type { Clock } from './clock.ts';
import { DamageDesk } from './damage-desk.ts';
import { type HistoryEvents, NO_EVENTS } from './history-events.ts';

/** More than a read and the way of its write to the store can take: so much older than it says may a stored read be. */
const MAX_READ_AND_WRITE_MS = 60_000;
/** Rows asked for at once, so that a whole table that comes back is never in memory as records. */
const ROWS_AT_ONCE = 5_000;

/** When a read was made, by our steady clock: no earlier than the first, no later than the second. */
export interface ReadTime {
  readonly earliestMs: number;
  readonly latestMs: number;
}

export interface HistoryKeeperOptions {
  /** @default none is told */
  readonly events?: HistoryEvents;
  /**
   * Rows that the store is asked for stay in memory from then on when they were touched less than so many seconds ago,
   * and there is room. @default always
   */
  readonly busyS?: () => number;
}

/**
 * The history of one proxy in memory, and its twin in the store: loaded once, then written, and asked for rows that only
 * it holds. What was not written yet stays due; nothing may be exposed before.
 */
export class HistoryKeeper {
  readonly #proxyId: string;
  readonly #store: HistoryStore;
  readonly #clock: Clock;
  readonly #events: HistoryEvents;
  readonly #busyS: () => number;
  readonly #damage: DamageDesk;
  /** From loading until saving, or `rest`: rows are counted, and none is swept meanwhile. */
  #isBusy = false;
  #sweeping: Promise<unknown> | undefined;
  #remembered: RememberedProxy | undefined;
  #readTime: ReadTime | undefined;
  #token: string | undefined;
  /** The state of the store that ours is ahead of; `undefined` when it holds nothing of ours. */
  #revision: string | undefined;
  /** Others may have written since we did: what is remembered is compared with the store before it is used again. */
  #isDoubtful = false;

  constructor(proxyId: string, store: HistoryStore, clock: Clock, options: HistoryKeeperOptions = {}) {
    const { events = NO_EVENTS, busyS = () => Number.POSITIVE_INFINITY } = options;
    this.#proxyId = proxyId;
    this.#store = store;
    this.#clock = clock;
    this.#events = events;
    this.#busyS = busyS;
    this.#damage = new DamageDesk(proxyId, store, events);
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

  /** Claims and loads the history, unless that is done. Rejects with STORE_UNAVAILABLE. */
  async load(signal: AbortSignal): Promise<RememberedProxy> {
    this.#isBusy = true;
    await this.#sweeping;
    if (!this.#remembered || this.#isDoubtful) this.#remembered = await this.#claimAndLoad(signal);
    return this.#remembered;
  }

  /**
   * Asks the store for the rows of a read that only it holds. Rejects with STORE_UNAVAILABLE: the read cannot be merged
   * then, and nothing is lost, since the next one reaches back to the last that was.
   */
  async recall(read: DigestRead, timing: ReadTiming, scope: RecallScope, signal: AbortSignal): Promise<Recall> {
    const remembered = this.#remembered;
    if (!remembered) throw new ProxywatchError('STORE_UNAVAILABLE', `the history of ${this.#proxyId} is not loaded`);
    const { digests } = remembered;
    const recall = digests.recallOf(read, scope);
    if (recall.wanted.length === 0 || (await this.#ask(recall, timing.wallS, signal))) return recall;
    this.#lose(remembered);
    return digests.recallOf(read, scope);
  }

  /**
   * Writes what changed since the last write. Rejects with STORE_UNAVAILABLE (try again), or with STORE_FENCED when another
   * gateway has the proxy now: what is remembered here is compared with what the store holds before it is used again. (It
   * may have been ourselves: a lease that was lost with a Redis that came back empty is won again beside a write.)
   */
  async save(signal: AbortSignal): Promise<void> {
    try {
      await this.#save(signal);
    } finally {
      this.#isBusy = false;
    }
  }

  /** Nothing more will be saved of what was loaded for: a collection has ended, maybe before it came to that. */
  rest(): void {
    this.#isBusy = false;
  }

  /** About so many bytes of memory. */
  get byteLength(): number {
    const { digests, errors } = this.#remembered ?? {};
    return (digests?.byteLength ?? 0) + (errors?.byteLength ?? 0);
  }

  /** Rows that were not touched since and that the store holds leave memory; answers how many. */
  evict(idleSinceS: number): number {
    return this.#remembered?.digests.rows.evict(idleSinceS) ?? 0;
  }

  /** The least recently touched rows leave memory until about so many bytes are free; answers how many rows. */
  spill(bytes: number): number {
    return this.#remembered?.digests.rows.spill(bytes) ?? 0;
  }

  /**
   * Forgets series that are not shown since `goneBeforeS`, with the next write in the store too; answers how many. Errors
   * whose totals were lost before may be shown again. Either begins at zero.
   */
  retire(goneBeforeS: number): number {
    this.#remembered?.errors.unseal(goneBeforeS);
    return this.#remembered?.digests.retireSeries(goneBeforeS) ?? 0;
  }

  /**
   * One step through the stored rows, of which those leave that were touched last before `touchedBeforeS`. Answers where
   * to go on; '0' when it is through, `undefined` while a collection is under way. Rejects as the store does.
   */
  async sweep(cursor: string, touchedBeforeS: number, signal: AbortSignal): Promise<string | undefined> {
    const [remembered, token] = [this.#remembered, this.#token];
    if (this.#isBusy || this.#isDoubtful || !remembered || token === undefined) return undefined;
    const { rows } = remembered.digests;
    const sweeping = this.#bounded(
      this.#store.sweepRows(this.#proxyId, token, { cursor, touchedBeforeS }, signal),
      signal,
    );
    this.#sweeping = sweeping.catch(() => undefined);
    try {
      const swept = await sweeping;
      rows.noteDropped([...swept.dropped, ...swept.damaged]);
      for (const [keys, reason] of [
        [swept.dropped, 'retention'],
        [swept.damaged, 'damaged'],
      ] as const) {
        if (keys.length > 0) this.#events.forgotten(this.#proxyId, keys.length, reason);
      }
      return swept.cursor;
    } catch (error) {
      rows.noteUncertain();
      throw error;
    } finally {
      this.#sweeping = undefined;
    }
  }

  /** Forgets all that the store holds of a proxy that is retired. */
  async forget(signal: AbortSignal): Promise<void> {
    this.#token ??= await this.#claim(signal);
    await this.#bounded(this.#store.forget(this.#proxyId, this.#token, signal), signal);
    this.#remembered = undefined;
    this.#revision = undefined;
  }

  async #save(signal: AbortSignal): Promise<void> {
    const remembered = this.#remembered;
    if (!remembered) return;
    if (this.#isDoubtful) {
      throw new ProxywatchError(
        'STORE_UNAVAILABLE',
        `the lease of ${this.#proxyId} was lost and won again: not compared yet`,
      );
    }
    const isWritten = await this.#orGiveUp(async () => {
      if (await this.#write(remembered, signal)) return true;
      this.#token = await this.#claim(signal);
      return this.#write(remembered, signal);
    });
    // What is set aside is for people; it must not keep statistics from being shown.
    if (isWritten && this.#token !== undefined)
      return this.#damage.setAside(this.#token, signal).catch(() => undefined);
    if (isWritten) return;
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
    const { remembered, damage, isBegunAnew } = stored
      ? restoreHistory(stored, Math.floor(this.#clock.wallMs() / 1000))
      : { remembered: nothingRemembered(), damage: [], isBegunAnew: false };
    this.#revision = isBegunAnew ? undefined : stored?.revision;
    this.#damage.note(damage, isBegunAnew);
    this.#readTime =
      stored && !isBegunAnew
        ? {
            earliestMs: askedMs - stored.ageMs - MAX_READ_AND_WRITE_MS,
            latestMs: answeredMs - stored.ageMs,
          }
        : undefined;
    return remembered;
  }

  /** False when the store lost what it held of ours. */
  async #ask(recall: Recall, wallS: number, signal: AbortSignal): Promise<boolean> {
    const [token, revision] = [this.#token, this.#revision];
    if (token === undefined || revision === undefined) return false;
    const busySinceS = wallS - this.#busyS();
    const damage: Damage[] = [];
    for (let at = 0; at < recall.wanted.length; at += ROWS_AT_ONCE) {
      const places = recall.wanted.slice(at, at + ROWS_AT_ONCE);
      const keys = places.map((place) => recall.read.rows[place]?.key ?? '');
      const asked = this.#store.fetchRows(this.#proxyId, { token, revision }, keys, signal);
      const fetched = await this.#orGiveUp(() => this.#bounded(asked, signal));
      if (fetched.kind === 'lost') return false;
      damage.push(...noteRecords(recall, places, fetched.records, busySinceS));
    }
    if (recall.returned) this.#events.restored(recall.returned.size);
    this.#damage.note(damage);
    return true;
  }

  /** Rows that only the store held are forgotten. */
  #lose(remembered: RememberedProxy): void {
    const { evicted } = remembered.digests.rows;
    markLost(remembered);
    this.#revision = undefined;
    if (evicted > 0) this.#events.forgotten(this.#proxyId, evicted, 'lost');
  }

  async #orGiveUp<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (errorCodeOf(error) === 'STORE_FENCED') this.#isDoubtful = true;
      throw error;
    }
  }

  #claim(signal: AbortSignal): Promise<string> {
    return this.#bounded(this.#store.claim(this.#proxyId, signal), signal);
  }

  /** False when the store lost what it held of ours: the next write is one of everything. */
  async #write(remembered: RememberedProxy, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      const [token, revision, readTime] = [this.#token, this.#revision, this.#readTime];
      if (revision === undefined) this.#lose(remembered);
      const batch = batchOf(remembered, revision === undefined);
      if (!batch || !readTime || token === undefined) return true;
      const write = { token, revision, readAgeMs: this.#clock.nowMs() - readTime.latestMs, batch };
      const saved = await this.#bounded(this.#store.save(this.#proxyId, write, signal), signal);
      this.#revision = saved.kind === 'saved' ? saved.revision : undefined;
      if (saved.kind !== 'saved') return false;
      markStored(remembered, saved.storedRows, batch);
      // Each batch leaves fewer rows due than the one before: none becomes due while a history is being written.
      if (!isAllStored(remembered)) continue;
      this.#events.stored();
      return true;
    }
  }

  #bounded<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
    return bounded(answer, signal, { code: 'STORE_UNAVAILABLE', what: `the history store of ${this.#proxyId}` });
  }
}
