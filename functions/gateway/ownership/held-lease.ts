import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { LeaseOwner, LeaseStore } from '@proxywatch/core/ports/lease-store';
import type { Clock } from '../../collection/clock.ts';

/** What a worker sees of its lease. */
export interface WorkerLease {
  /**
   * The token to write with, once the store has said that the lease stands. One that the store has forgotten is taken
   * again: it came back empty, and this worker remembers. Rejects with STORE_FENCED when another gateway has the proxy,
   * with STORE_UNAVAILABLE while nobody could be asked for a lease.
   */
  claim(signal?: AbortSignal): Promise<string>;
  /** Whether the lease still stands, by our own clock. */
  stands(): boolean;
}

export interface HeldLeaseOptions {
  readonly leases: LeaseStore;
  readonly owner: () => LeaseOwner;
  readonly leaseMs: number;
  readonly clock: Clock;
}

/** The lease of one proxy, as this gateway has it; without a token for a proxy that is only watched. */
export class HeldLease implements WorkerLease {
  readonly #proxyId: string;
  readonly #options: HeldLeaseOptions;
  #token: string | undefined;
  /** By our steady clock, counted from before the store was asked: never later than the store thinks. */
  #untilMs = Number.NEGATIVE_INFINITY;

  constructor(proxyId: string, options: HeldLeaseOptions) {
    this.#proxyId = proxyId;
    this.#options = options;
  }

  get token(): string | undefined {
    return this.#token;
  }

  stands(): boolean {
    return this.#options.clock.nowMs() < this.#untilMs;
  }

  /** Asks for the lease; `isKnown` as of LeaseStore.acquire. */
  async acquire(isKnown: boolean, signal?: AbortSignal): Promise<'acquired' | 'held' | 'forgotten'> {
    const { leases, owner, leaseMs, clock } = this.#options;
    const askedMs = clock.nowMs();
    const acquired = await leases.acquire(this.#proxyId, owner(), leaseMs, signal, isKnown);
    if (acquired.kind !== 'acquired') return acquired.kind;
    this.#token = acquired.token;
    this.prolong(askedMs);
    return acquired.kind;
  }

  /** The store has prolonged it, asked at `askedMs`. */
  prolong(askedMs: number): void {
    this.#untilMs = askedMs + this.#options.leaseMs;
  }

  async claim(signal?: AbortSignal): Promise<string> {
    const { leases, leaseMs, clock } = this.#options;
    const token = this.#token;
    if (token === undefined) {
      throw new ProxywatchError('STORE_UNAVAILABLE', `no lease of ${this.#proxyId} could be asked for yet`);
    }
    const askedMs = clock.nowMs();
    if (await leases.renew(this.#proxyId, token, leaseMs, signal)) {
      if (this.#token === token) this.prolong(askedMs);
    } else if ((await this.acquire(false, signal)) === 'held') {
      throw new ProxywatchError('STORE_FENCED', `another gateway has the lease of ${this.#proxyId}`);
    }
    return this.#token ?? token;
  }
  /** Frees it; false when it was lost before. */
  async release(signal?: AbortSignal): Promise<boolean> {
    if (this.#token === undefined) return true;
    return this.#options.leases.release(this.#proxyId, this.#token, signal);
  }
}
