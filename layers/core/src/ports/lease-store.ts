/**
 * Who may act on a proxy. The lease stands beside the proxy's history, so that the store can check both at once. All
 * times are the store's own; a holder counts `ttlMs` by its own monotonic clock from before it asked. Rejects with
 * STORE_UNAVAILABLE.
 */
export interface LeaseStore {
  /**
   * Takes the lease for `ttlMs`, or finds out who has it. Taking it mints a fencing token that never repeats; a holder that
   * takes it again (another life of the process) gets a new one.
   *
   * With `isKnown` the caller knows that somebody had the lease before: a store without a trace of that came back empty,
   * and the lease is not taken, since whoever has it by his own clock alone remembers the history.
   */
  acquire(
    proxyId: string,
    owner: LeaseOwner,
    ttlMs: number,
    signal?: AbortSignal,
    isKnown?: boolean,
  ): Promise<Acquired>;
  /**
   * Prolongs a lease; false when it was lost: whoever held it must stop acting at once. A lease that ran out and that
   * nobody took since is prolonged too: nobody acted on the proxy meanwhile.
   */
  renew(proxyId: string, token: string, ttlMs: number, signal?: AbortSignal): Promise<boolean>;
  /** As `renew`, for all leases of a holder; never rejects, but says for each proxy what became of it. */
  renewAll(leases: readonly HeldLease[], ttlMs: number, signal?: AbortSignal): Promise<ReadonlyMap<string, Renewal>>;
  /** Frees the lease early; false when it was lost already, and left alone. */
  release(proxyId: string, token: string, signal?: AbortSignal): Promise<boolean>;
}

export interface LeaseOwner {
  readonly memberId: string;
  readonly advertise: string;
}

export interface HeldLease {
  readonly proxyId: string;
  readonly token: string;
}

export type Acquired =
  | { readonly kind: 'acquired'; readonly token: string }
  | { readonly kind: 'held'; readonly by: LeaseOwner; readonly remainingMs: number }
  | { readonly kind: 'forgotten' };

export type Renewal =
  | { readonly kind: 'renewed' | 'lost' }
  /** Not known: the lease stands as long as it was prolonged last, and may have been prolonged. */
  | { readonly kind: 'failed'; readonly error: unknown };
