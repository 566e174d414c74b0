import { errorCodeOf, messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { LeaseOwner, LeaseStore } from '@proxywatch/core/ports/lease-store';
import type { Log } from '@proxywatch/core/ports/log';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import type { Clock } from '../worker/clock.ts';
import type { ProxyWorker } from '../worker/proxy-worker.ts';

export interface HoldingsOptions {
  readonly leases: LeaseStore;
  readonly owner: () => LeaseOwner;
  readonly leaseMs: number;
  readonly createWorker: (proxy: RegisteredProxy, lease: WorkerLease) => ProxyWorker;
  readonly clock: Clock;
  readonly metrics: GatewayMetrics;
  readonly log: Log;
}

/** What a worker sees of its lease. */
export interface WorkerLease {
  /** The token to write with, as of now. Throws STORE_UNAVAILABLE while there is none. */
  readonly token: () => string;
  /** Whether the lease still stands, by our own clock. */
  readonly stands: () => boolean;
}

interface Holding {
  readonly worker: ProxyWorker;
  readonly lease: Lease;
}

interface Lease {
  /** `undefined` for a proxy that is only watched. */
  token: string | undefined;
  /** By our steady clock, counted from before the store was asked: never later than the store thinks. */
  untilMs: number;
}

/** What a proxy counts as until its history is loaded. */
const UNKNOWN_SERIES = 100;
/** A worker that lets go writes its history within this. */
const STOP_TIMEOUT_MS = 10_000;

/** The proxies that this gateway owns: a lease and a worker for each. The lease is the truth, the assignment a hint. */
export class Holdings {
  readonly #options: HoldingsOptions;
  readonly #held = new Map<string, Holding>();
  readonly #releasing = new Map<string, Promise<void>>();
  /** Since when a proxy is wanted and not yet held. */
  readonly #wantedSinceMs = new Map<string, number>();

  constructor(options: HoldingsOptions) {
    this.#options = options;
  }

  get workers(): readonly ProxyWorker[] {
    return [...this.#held.values()].map(({ worker }) => worker);
  }

  workerOf(proxyId: string): ProxyWorker | undefined {
    return this.#held.get(proxyId)?.worker;
  }

  /** Proxies held by lease, with the series that each exposes. */
  get weights(): Readonly<Record<string, number>> {
    const leased = [...this.#held].filter(([, { lease }]) => lease.token !== undefined);
    return Object.fromEntries(leased.map(([id, { worker }]) => [id, worker.seriesCount ?? UNKNOWN_SERIES]));
  }

  /** Whether a proxy is wanted that another still holds: ask again soon. */
  get isWaiting(): boolean {
    return this.#wantedSinceMs.size > 0;
  }

  /** Prolongs all leases. One that was lost is sought again at once: a Redis that came back empty has forgotten it. */
  async renew(signal: AbortSignal): Promise<void> {
    const { leases, leaseMs, clock, metrics } = this.#options;
    const askedMs = clock.nowMs();
    const held = [...this.#held].flatMap(
      ([
        proxyId,
        {
          lease: { token },
        },
      ]) => (token === undefined ? [] : [{ proxyId, token }]),
    );
    const renewals = await leases.renewAll(held, leaseMs, signal);
    await Promise.all(
      held.map(async ({ proxyId, token }) => {
        const holding = this.#held.get(proxyId);
        const renewal = renewals.get(proxyId);
        if (!holding || holding.lease.token !== token || renewal?.kind === 'failed') return;
        if (renewal?.kind === 'renewed') holding.lease.untilMs = askedMs + leaseMs;
        else {
          metrics.leasesLost.inc();
          await this.#regain(proxyId, holding, signal);
        }
      }),
    );
  }

  /**
   * Without leases, as long as nobody can be asked for one: whether a proxy is up can be said all the same, and its SQL
   * statistics are withheld.
   */
  watch(proxies: Iterable<RegisteredProxy>): void {
    for (const proxy of proxies) {
      if (this.#held.has(proxy.id) || this.#releasing.has(proxy.id)) continue;
      this.#hold(proxy, { token: undefined, untilMs: Number.NEGATIVE_INFINITY });
    }
    this.#options.metrics.proxies.set(this.#held.size);
  }

  /** Lets go of what is not among these, or not as it is there, in the background. */
  keepOnly(proxies: ReadonlyMap<string, RegisteredProxy>): void {
    for (const [id, { worker }] of this.#held) {
      if (JSON.stringify(proxies.get(id)) !== JSON.stringify(worker.proxy)) this.#release(id);
    }
    for (const id of this.#wantedSinceMs.keys()) if (!proxies.has(id)) this.#wantedSinceMs.delete(id);
    this.#options.metrics.proxies.set(this.#held.size);
  }

  /** Lets go of what is not wanted, and takes what is wanted and free. Never rejects. */
  async reconcile(wanted: ReadonlyMap<string, RegisteredProxy>, signal: AbortSignal): Promise<void> {
    this.keepOnly(wanted);
    const isMissing = ({ id }: RegisteredProxy) =>
      this.#held.get(id)?.lease.token === undefined && !this.#releasing.has(id);
    await Promise.all([...wanted.values()].filter(isMissing).map((proxy) => this.#take(proxy, signal)));
    this.#options.metrics.proxies.set(this.#held.size);
  }

  /** Lets go of everything: histories written, leases free. */
  async releaseAll(): Promise<void> {
    for (const id of this.#held.keys()) this.#release(id);
    await Promise.all(this.#releasing.values());
  }

  async #take(proxy: RegisteredProxy, signal: AbortSignal): Promise<void> {
    const { leases, owner, leaseMs, clock, metrics, log } = this.#options;
    const askedMs = clock.nowMs();
    const sinceMs = this.#wantedSinceMs.get(proxy.id) ?? askedMs;
    this.#wantedSinceMs.set(proxy.id, sinceMs);
    try {
      const acquired = await leases.acquire(proxy.id, owner(), leaseMs, signal);
      if (acquired.kind === 'held') return;
      const lease = { token: acquired.token, untilMs: askedMs + leaseMs };
      const watched = this.#held.get(proxy.id);
      if (watched) Object.assign(watched.lease, lease);
      else this.#hold(proxy, lease);
      this.#wantedSinceMs.delete(proxy.id);
      metrics.handOverSeconds.observe((clock.nowMs() - sinceMs) / 1000);
    } catch (error) {
      if (signal.aborted) return;
      log.warn('lease not taken', { proxy: proxy.id, code: errorCodeOf(error), message: messageOf(error) });
    }
  }

  #hold(proxy: RegisteredProxy, lease: Lease): void {
    const { createWorker, clock } = this.#options;
    const token = () => {
      if (lease.token !== undefined) return lease.token;
      throw new ProxywatchError('STORE_UNAVAILABLE', `no lease of ${proxy.id} could be asked for yet`);
    };
    this.#held.set(proxy.id, {
      worker: createWorker(proxy, { token, stands: () => clock.nowMs() < lease.untilMs }),
      lease,
    });
  }

  /** Another owner may have come and gone meanwhile: the worker compares its history with the store before it goes on. */
  async #regain(proxyId: string, holding: Holding, signal: AbortSignal): Promise<void> {
    const { leases, owner, leaseMs, clock } = this.#options;
    const askedMs = clock.nowMs();
    const acquired = await leases.acquire(proxyId, owner(), leaseMs, signal).catch(() => undefined);
    if (!acquired) return;
    if (acquired.kind === 'held') {
      this.#abandon(proxyId);
      return;
    }
    holding.worker.regain();
    holding.lease.token = acquired.token;
    holding.lease.untilMs = askedMs + leaseMs;
  }

  /** Planned: the worker stops, what is left is written, then the lease is free. */
  #release(proxyId: string): void {
    const holding = this.#held.get(proxyId);
    if (!holding) return;
    const { leases, log } = this.#options;
    this.#held.delete(proxyId);
    const release = async () => {
      const signal = AbortSignal.timeout(STOP_TIMEOUT_MS);
      await holding.worker.stop(signal);
      if (holding.lease.token !== undefined) await leases.release(proxyId, holding.lease.token, signal);
    };
    const released = release()
      .catch((error: unknown) => {
        log.warn('proxy not released cleanly', { proxy: proxyId, code: errorCodeOf(error), message: messageOf(error) });
      })
      .finally(() => this.#releasing.delete(proxyId));
    this.#releasing.set(proxyId, released);
  }

  /** Unplanned: somebody else owns the proxy, and nothing of ours may be written any more. */
  #abandon(proxyId: string): void {
    const holding = this.#held.get(proxyId);
    if (!holding) return;
    this.#held.delete(proxyId);
    const stopped = holding.worker.abandon().finally(() => this.#releasing.delete(proxyId));
    this.#releasing.set(proxyId, stopped);
  }
}
