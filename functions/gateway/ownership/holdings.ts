import { errorCodeOf, messageOf } from '@proxywatch/core/domain/errors';
import { isSameTarget, type RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { Log } from '@proxywatch/core/ports/log';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import type { ProxyWorker } from '../worker/proxy-worker.ts';
import { HeldLease, type HeldLeaseOptions, type WorkerLease } from './held-lease.ts';

export interface HoldingsOptions extends HeldLeaseOptions {
  readonly createWorker: (proxy: RegisteredProxy, lease: WorkerLease) => ProxyWorker;
  readonly metrics: GatewayMetrics;
  readonly log: Log;
}

interface Holding {
  readonly worker: ProxyWorker;
  readonly lease: HeldLease;
}

/** A proxy that is wanted and not held yet. */
interface Wait {
  readonly sinceMs: number;
  /** When the store was first found to have forgotten that somebody had it. */
  forgottenMs: number | undefined;
}

/** A worker that lets go writes its history within this. */
const STOP_TIMEOUT_MS = 10_000;

/** The proxies that this gateway owns: a lease and a worker for each. The lease is the truth, the assignment a hint. */
export class Holdings {
  readonly #options: HoldingsOptions;
  readonly #held = new Map<string, Holding>();
  readonly #releasing = new Map<string, Promise<void>>();
  readonly #waits = new Map<string, Wait>();

  constructor(options: HoldingsOptions) {
    this.#options = options;
  }

  get workers(): readonly ProxyWorker[] {
    return [...this.#held.values()].map(({ worker }) => worker);
  }

  workerOf(proxyId: string): ProxyWorker | undefined {
    return this.#held.get(proxyId)?.worker;
  }

  /** Proxies held by lease. */
  get leasedIds(): readonly string[] {
    return [...this.#held].flatMap(([id, { lease }]) => (lease.token === undefined ? [] : [id]));
  }

  /** The same with the series that each exposes; until its history is loaded, with those that are expected of it. */
  weigh(expected: (proxyId: string) => number): Readonly<Record<string, number>> {
    return Object.fromEntries(this.leasedIds.map((id) => [id, this.workerOf(id)?.seriesCount ?? expected(id)]));
  }

  /** Whether a proxy is wanted that another still holds: ask again soon. */
  get isWaiting(): boolean {
    return this.#waits.size > 0;
  }

  /** Prolongs all leases. One that was lost is sought again at once: a Redis that came back empty has forgotten it. */
  async renew(signal: AbortSignal): Promise<void> {
    const { leases, leaseMs, clock, metrics } = this.#options;
    const askedMs = clock.nowMs();
    const held = [...this.#held].flatMap(([proxyId, { lease }]) =>
      lease.token === undefined ? [] : [{ proxyId, token: lease.token }],
    );
    const renewals = await leases.renewAll(held, leaseMs, signal);
    await Promise.all(
      held.map(async ({ proxyId, token }) => {
        const holding = this.#held.get(proxyId);
        const renewal = renewals.get(proxyId);
        if (!holding || holding.lease.token !== token || renewal?.kind === 'failed') return;
        if (renewal?.kind === 'renewed') holding.lease.prolong(askedMs);
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
      this.#hold(proxy, new HeldLease(proxy.id, this.#options));
    }
    this.#options.metrics.proxies.set(this.#held.size);
  }

  /**
   * Lets go of what is not among these, or is reached in another way there, in the background. Other settings of monitoring
   * are followed in place: a worker that began anew would leave a gap.
   */
  keepOnly(proxies: ReadonlyMap<string, RegisteredProxy>): void {
    for (const [id, { worker }] of this.#held) {
      const proxy = proxies.get(id);
      if (proxy !== undefined && isSameTarget(proxy, worker.proxy)) worker.follow(proxy);
      else this.#release(id);
    }
    for (const id of this.#waits.keys()) if (!proxies.has(id)) this.#waits.delete(id);
    this.#options.metrics.proxies.set(this.#held.size);
  }

  /**
   * Lets go of what is not wanted, and takes what is wanted and free. `known` are proxies that somebody had before: where the
   * store has forgotten that, whoever had it is given the time of a lease to come back. Never rejects.
   */
  async reconcile(
    wanted: ReadonlyMap<string, RegisteredProxy>,
    known: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<void> {
    this.keepOnly(wanted);
    const isMissing = ({ id }: RegisteredProxy) =>
      this.#held.get(id)?.lease.token === undefined && !this.#releasing.has(id);
    await Promise.all(
      [...wanted.values()].filter(isMissing).map((proxy) => this.#take(proxy, known.has(proxy.id), signal)),
    );
    this.#options.metrics.proxies.set(this.#held.size);
  }

  /** Lets go of everything: histories written, leases free. */
  async releaseAll(): Promise<void> {
    for (const id of this.#held.keys()) this.#release(id);
    await Promise.all(this.#releasing.values());
  }

  async #take(proxy: RegisteredProxy, isKnown: boolean, signal: AbortSignal): Promise<void> {
    const { leaseMs, clock, metrics, log } = this.#options;
    const startedMs = clock.nowMs();
    const wait: Wait = this.#waits.get(proxy.id) ?? { sinceMs: startedMs, forgottenMs: undefined };
    this.#waits.set(proxy.id, wait);
    try {
      const lease = this.#held.get(proxy.id)?.lease ?? new HeldLease(proxy.id, this.#options);
      const isLeftAlone = wait.forgottenMs !== undefined && startedMs - wait.forgottenMs >= leaseMs;
      const outcome = await lease.acquire(isKnown && !isLeftAlone, signal);
      if (outcome === 'forgotten') wait.forgottenMs ??= startedMs;
      if (outcome !== 'acquired') return;
      if (!this.#held.has(proxy.id)) this.#hold(proxy, lease);
      this.#waits.delete(proxy.id);
      metrics.handOverSeconds.observe((clock.nowMs() - wait.sinceMs) / 1000);
    } catch (error) {
      if (signal.aborted) return;
      log.warn('lease not taken', { proxy: proxy.id, code: errorCodeOf(error), message: messageOf(error) });
    }
  }

  #hold(proxy: RegisteredProxy, lease: HeldLease): void {
    this.#held.set(proxy.id, { worker: this.#options.createWorker(proxy, lease), lease });
  }

  /** Another owner may have come and gone meanwhile: the worker compares its history with the store before it goes on. */
  async #regain(proxyId: string, { worker, lease }: Holding, signal: AbortSignal): Promise<void> {
    const outcome = await lease.acquire(false, signal).catch(() => undefined);
    if (outcome === 'acquired') worker.regain();
    else if (outcome === 'held') this.#abandon(proxyId);
  }

  /** Planned: the worker stops, what is left is written, then the lease is free. */
  #release(proxyId: string): void {
    const holding = this.#held.get(proxyId);
    if (!holding) return;
    const { log } = this.#options;
    const { worker, lease } = holding;
    this.#held.delete(proxyId);
    const release = async () => {
      const signal = AbortSignal.timeout(STOP_TIMEOUT_MS);
      await worker.stop(signal);
      if (await lease.release(signal)) return;
      // A Redis that came back empty after the write has lost what nobody else remembers.
      await worker.stop(signal);
      await lease.release(signal);
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
