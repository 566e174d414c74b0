/** Who may act on a proxy. The lease stands beside the proxy's history, so that the store can check both at once. */
export interface LeaseStore {
  /**
   * Takes the lease for `ttlMs`, or finds out who has it. Taking it mints a fencing token that never repeats; a holder that
   * takes it again (another life of the process) gets a new one.
   */
  acquire(proxyId: string, owner: LeaseOwner, ttlMs: number, signal?: AbortSignal): Promise<Acquired>;
  /** Prolongs a lease; false when it was lost: whoever held it must stop acting at once. */
  renew(proxyId: string, token: string, ttlMs: number, signal?: AbortSignal): Promise<boolean>;
  /** Frees the lease early; a lease already lost is left alone. */
  release(proxyId: string, token: string, signal?: AbortSignal): Promise<void>;
}

export interface LeaseOwner {
  readonly memberId: string;
  readonly advertise: string;
}

export type Acquired =
  | { readonly kind: 'acquired'; readonly token: string }
  | { readonly kind: 'held'; readonly by: LeaseOwner; readonly remainingMs: number };
