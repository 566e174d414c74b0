import { errorCodeOf, messageOf } from '@proxywatch/core/domain/errors';
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
  /** The token to write with, as of now. */
  readonly token: () => string;
  /** Whether the lease still stands, by our own clock. */
  readonly stands: () => boolean;
}

interface Holding {
  readonly worker: ProxyWorker;
  /** `untilMs` by our steady clock, counted from before the store was asked: never later than the store thinks. */
  readonly lease: { token: string; untilMs: number };
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

  /** Proxies held, with the series that each exposes. */
  get weights(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#held].map(([id, { worker }]) => [id, worker.seriesCount ?? UNKNOWN_SERIES]));
  }

  /** Whether a proxy is wanted that another still holds: ask again soon. */
  get isWaiting(): boolean {
    return this.#wantedSinceMs.size > 0;
  }

  /** Prolongs all leases. One that was lost is sought again at once: a Redis that came back empty has forgotten it. */
  async renew(signal: AbortSignal): Promise<void> {
    const { leases, leaseMs, clock, metrics } = this.#options;
    const askedMs = clock.nowMs();
    const held = [...this.#held].map(([proxyId, { lease }]) => ({ proxyId, token: lease.token }));
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

  /** Lets go of what is not wanted (in the background), and takes what is wanted and free. Never rejects. */
  async reconcile(wanted: ReadonlyMap<string, RegisteredProxy>, signal: AbortSignal): Promise<void> {
    for (const [id, { worker }] of this.#held) {
      const proxy = wanted.get(id);
      if (!proxy || JSON.stringify(proxy) !== JSON.stringify(worker.proxy)) this.#release(id);
    }
    for (const id of this.#wantedSinceMs.keys()) if (!wanted.has(id)) this.#wantedSinceMs.delete(id);
    const missing = [...wanted.values()].filter(({ id }) => !this.#held.has(id) && !this.#releasing.has(id));
    await Promise.all(missing.map((proxy) => this.#take(proxy, signal)));
    this.#options.metrics.proxies.set(this.#held.size);
  }

  /** Lets go of everything: histories written, leases free. */
  async releaseAll(): Promise<void> {
    for (const id of this.#held.keys()) this.#release(id);
    await Promise.all(this.#releasing.values());
  }

  async #take(proxy: RegisteredProxy, signal: AbortSignal): Promise<void> {
    const { leases, owner, leaseMs, clock, createWorker, metrics, log } = this.#options;
    const askedMs = clock.nowMs();
    const sinceMs = this.#wantedSinceMs.get(proxy.id) ?? askedMs;
    this.#wantedSinceMs.set(proxy.id, sinceMs);
    try {
      const acquired = await leases.acquire(proxy.id, owner(), leaseMs, signal);
      if (acquired.kind === 'held' || this.#held.has(proxy.id)) return;
      const lease = { token: acquired.token, untilMs: askedMs + leaseMs };
      const worker = createWorker(proxy, { token: () => lease.token, stands: () => clock.nowMs() < lease.untilMs });
      this.#held.set(proxy.id, { worker, lease });
      this.#wantedSinceMs.delete(proxy.id);
      metrics.handOverSeconds.observe((clock.nowMs() - sinceMs) / 1000);
    } catch (error) {
      if (signal.aborted) return;
      log.warn('lease not taken', { proxy: proxy.id, code: errorCodeOf(error), message: messageOf(error) });
    }
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
      await leases.release(proxyId, holding.lease.token, signal);
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
