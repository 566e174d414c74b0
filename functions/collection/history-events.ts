import type { Damage } from '@proxywatch/core/domain/history/restore-history';

/** What a history tells of itself beyond its numbers. */
export interface HistoryEvents {
  /** The store has all of it: rows may leave memory. */
  stored(): void;
  /** Rows came back from the store into memory. */
  restored(rows: number): void;
  /** Records could not be read; `isBegunAnew`: none of the history is left. */
  damaged(proxyId: string, damage: readonly Damage[], isBegunAnew: boolean): void;
  /** Last values of rows are not known any more. */
  forgotten(proxyId: string, rows: number, reason: 'lost' | 'retention' | 'damaged'): void;
}

export const NO_EVENTS: HistoryEvents = {
  stored: () => undefined,
  restored: () => undefined,
  damaged: () => undefined,
  forgotten: () => undefined,
};
