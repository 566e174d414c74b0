import type { Damage } from '@proxywatch/core/domain/history/restore-history';
import type { HistoryStore } from '@proxywatch/core/ports/history-store';
import type { HistoryEvents } from './history-events.ts';

/** Damaged records of one proxy that wait to be set aside. */
const MAX_WAITING = 500;

/** Where damaged records of one proxy are reported, and wait until the store has set them aside. */
export class DamageDesk {
  readonly #proxyId: string;
  readonly #store: HistoryStore;
  readonly #events: HistoryEvents;
  readonly #waiting = new Map<string, string>();

  constructor(proxyId: string, store: HistoryStore, events: HistoryEvents) {
    this.#proxyId = proxyId;
    this.#store = store;
    this.#events = events;
  }

  note(damage: readonly Damage[], isBegunAnew = false): void {
    if (damage.length > 0) this.#events.damaged(this.#proxyId, damage, isBegunAnew);
    for (const { kind, key, record } of damage) {
      if (record !== undefined && this.#waiting.size < MAX_WAITING) this.#waiting.set(`${kind}:${key}`, record);
    }
  }

  /** Rejects as the store does; what was not set aside waits for the next time. */
  async setAside(token: string, signal: AbortSignal): Promise<void> {
    if (this.#waiting.size === 0) return;
    await this.#store.setAside(this.#proxyId, token, this.#waiting, signal);
    this.#waiting.clear();
  }
}
