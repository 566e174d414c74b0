/** Lets each tick be dispatched once, whoever else dispatches. Rejects with STORE_UNAVAILABLE. */
export interface TickClaims {
  /** Takes a tick, epoch milliseconds, for this dispatcher alone. */
  claim(tickMs: number, signal?: AbortSignal): Promise<TickClaim>;
  /**
   * All that was due at the tick is on its way. A tick that is never completed, because its dispatcher died, is made up
   * for by the next one.
   */
  complete(tickMs: number, signal?: AbortSignal): Promise<void>;
}

export type TickClaim =
  /** `completedMs`: the newest tick that was completed; `undefined` when there is none, or the store came back empty. */
  | { readonly kind: 'claimed'; readonly completedMs: number | undefined }
  /** Somebody has this tick or a newer one. */
  | { readonly kind: 'taken'; readonly claimedMs: number }
  /** So far ahead of the store's clock that taking it would keep the ticks in between from being dispatched. */
  | { readonly kind: 'ahead'; readonly byMs: number };
