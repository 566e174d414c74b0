import { setTimeout } from 'node:timers/promises';
import { errorCodeOf, messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Assignment } from '@proxywatch/core/domain/ownership/membership';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { Log } from '@proxywatch/core/ports/log';
import type { FleetView, MembershipOptions, MembershipStore } from '@proxywatch/core/ports/membership-store';
import type { Clock } from '../collection/clock.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import type { FleetPlanner } from './ownership/fleet-plan.ts';
import type { Holdings } from './ownership/holdings.ts';
import { Partings } from './ownership/partings.ts';
import type { RegistryWatch } from './registry-watch.ts';
import type { ProxyWorker } from './worker/proxy-worker.ts';

export interface FleetOptions {
  readonly memberId: string;
  /** What it runs, as of Member.release. */
  readonly release?: string | undefined;
  /** `host:port` of this gateway; known once it listens. */
  readonly advertise: () => string;
  readonly registry: RegistryWatch;
  readonly membership: MembershipStore;
  readonly membershipOptions: MembershipOptions;
  readonly planner: FleetPlanner;
  readonly holdings: Holdings;
  /** Between two heartbeats; a third of the lease leaves room for two that fail. */
  readonly heartbeatMs: number;
  /** A proxy whose last collection is older than this is collected from without being scraped. */
  readonly idleMs: number;
  readonly clock: Clock;
  readonly metrics: GatewayMetrics;
  readonly log: Log;
}

export interface Target {
  readonly proxy: RegisteredProxy;
  /** The gateway to ask. */
  readonly address: string;
}

/** While another member lets a proxy go, its lease is asked for this often. */
const HAND_OVER_POLL_MS = 200;
/** A proxy that moves is kept for so many heartbeats, within which its next owner hears of it. */
const PATIENCE = 1.25;
/** A member that holds proxies and was not scraped for so long is left out when proxies are shared out. */
const UNSCRAPED_MS = 60_000;

/** One gateway among the others: it says that it lives, owns what the assignment gives it, and knows who owns the rest. */
export class Fleet {
  readonly #options: FleetOptions;
  #view: FleetView | undefined;
  /** The fleet could not be met, not even once. */
  #isAlone = false;
  #assignment: Assignment = new Map();
  /** Proxies that were assigned to somebody before the newest assignment. */
  readonly #known = new Set<string>();
  readonly #partings: Partings;
  #scrapedMs: number;
  #heardMs: number;
  #loop: Promise<void> | undefined;
  #problem: string | undefined;
  readonly #stopping = new AbortController();

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#partings = new Partings(PATIENCE * options.heartbeatMs, options.clock);
    this.#scrapedMs = options.clock.nowMs();
    this.#heardMs = options.clock.nowMs();
  }

  get workers(): readonly ProxyWorker[] {
    return this.#options.holdings.workers;
  }

  workerOf(proxyId: string): ProxyWorker | undefined {
    return this.#options.holdings.workerOf(proxyId);
  }

  /** Whether the registry was read, and the fleet met or found out of reach: before, nothing can be said about any proxy. */
  get isLoaded(): boolean {
    return this.#options.registry.proxies !== undefined && (this.#view !== undefined || this.#isAlone);
  }

  /** Whether all that is known, somebody should own each proxy, and those held were collected from once, well or not. */
  get isReady(): boolean {
    const { holdings } = this.#options;
    const isSettled = this.isLoaded && this.#isPlanned && !holdings.isWaiting;
    return isSettled && this.workers.every((worker) => worker.hasCollected);
  }

  /** Who has proxies goes on with them while there is no assignment, as after a Redis that came back empty. */
  get #isPlanned(): boolean {
    if (this.#isAlone || (this.#assignment.size === 0 && this.workers.length > 0)) return true;
    return this.#options.registry.proxies?.keys().every((id) => this.#assignment.has(id)) === true;
  }

  /** Since a heartbeat was answered, or since the beginning. */
  get heartbeatAgeMs(): number {
    return this.#options.clock.nowMs() - this.#heardMs;
  }

  get view(): FleetView | undefined {
    return this.#view;
  }

  /** Every proxy of the registry, and whom to ask for it: the owner, or this gateway as long as there is none. */
  get targets(): readonly Target[] {
    const { advertise, registry } = this.#options;
    return [...(registry.proxies?.values() ?? [])].map((proxy) => ({
      proxy,
      address: this.ownerOf(proxy.id) ?? advertise(),
    }));
  }

  /** Proxies of the registry that this gateway does not have. */
  get elsewhere(): readonly string[] {
    const { holdings, registry } = this.#options;
    return [...(registry.proxies?.keys() ?? [])].filter((id) => !holdings.workerOf(id));
  }

  /** Address of the gateway that owns a proxy, as far as is known; undefined while nobody does. */
  ownerOf(proxyId: string): string | undefined {
    const { holdings, advertise } = this.#options;
    if (holdings.workerOf(proxyId)) return advertise();
    const slot = this.#assignment.get(proxyId);
    return this.#view?.members.find((member) => member.slot !== undefined && member.slot === slot)?.advertise;
  }

  isRegistered(proxyId: string): boolean {
    return this.#options.registry.proxies?.has(proxyId) === true;
  }

  /** For people: who is there, and who should own what. */
  describe() {
    const { drainedSlots, pins, ...view } = this.#view ?? { drainedSlots: new Set(), pins: new Map() };
    return {
      ...view,
      drainedSlots: [...drainedSlots],
      pins: Object.fromEntries(pins),
      assignment: Object.fromEntries(this.#assignment),
      isWaiting: this.#options.holdings.isWaiting,
      problem: this.#problem,
    };
  }

  noteScrape(): void {
    this.#scrapedMs = this.#options.clock.nowMs();
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Resolves when every history that could be written is written, and the others know that this gateway has left. */
  async stop(): Promise<void> {
    const { holdings, membership, memberId, membershipOptions, log } = this.#options;
    this.#stopping.abort(new ProxywatchError('CANCELLED', 'the gateway stops'));
    await this.#loop;
    await holdings.releaseAll();
    await membership.leave(memberId, membershipOptions).catch((error: unknown) => {
      log.warn('left without saying so', { code: errorCodeOf(error), message: messageOf(error) });
    });
  }

  async #run(): Promise<void> {
    const { heartbeatMs, idleMs, holdings, clock } = this.#options;
    const { signal } = this.#stopping;
    let beatAtMs = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      if (clock.nowMs() >= beatAtMs) {
        beatAtMs = clock.nowMs() + heartbeatMs;
        await this.#beat(signal);
      } else {
        await this.#reconcile(signal);
      }
      for (const worker of this.workers) worker.collectIfIdle(idleMs);
      const isPolling = holdings.isWaiting || this.#partings.arePending || !this.isLoaded;
      const pauseMs = isPolling ? HAND_OVER_POLL_MS : beatAtMs - clock.nowMs();
      await setTimeout(Math.max(0, pauseMs), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Leases first: whatever else takes long or fails, they must not run out. */
  async #beat(signal: AbortSignal): Promise<void> {
    const { holdings, registry, metrics } = this.#options;
    try {
      await holdings.renew(signal);
      await registry.poll(signal);
      await this.#meet(signal);
      await this.#reconcile(signal);
      this.#problem = undefined;
      metrics.heartbeats.inc({ outcome: 'ok' });
    } catch (error) {
      if (signal.aborted) return;
      metrics.heartbeats.inc({ outcome: errorCodeOf(error) ?? 'INTERNAL' });
      this.#isAlone = this.#view === undefined;
      await this.#reconcile(signal);
      this.#report(`${errorCodeOf(error) ?? 'INTERNAL'}: ${messageOf(error)}`);
    }
  }

  async #meet(signal: AbortSignal): Promise<void> {
    const { memberId, release, advertise, membership, membershipOptions } = this.#options;
    const { holdings, planner, registry, metrics } = this.#options;
    const heartbeat = {
      id: memberId,
      release,
      advertise: advertise(),
      isScraped: this.#isScraped(),
      isDraining: false,
      holds: holdings.weigh((proxyId) => planner.weightOf(proxyId)),
    };
    const view = await membership.heartbeat(heartbeat, membershipOptions, signal);
    this.#heardMs = this.#options.clock.nowMs();
    const { proxies } = registry;
    if (proxies) planner.watch(view, proxies.keys());
    for (const id of this.#assignment.keys()) this.#known.add(id);
    for (const id of this.#known) if (proxies && !proxies.has(id)) this.#known.delete(id);
    this.#assignment =
      view.isPlanner && proxies ? await planner.plan(memberId, view, proxies.keys(), signal) : view.assignment;
    this.#view = view;
    metrics.members.set(view.members.length);
    metrics.assignedWeight.set(Object.values(heartbeat.holds).reduce((sum, weight) => sum + weight, 0));
  }

  /** Somebody new, and somebody who holds nothing, cannot have been scraped for a proxy. */
  #isScraped(): boolean {
    const { clock } = this.#options;
    return this.workers.length === 0 || clock.nowMs() - this.#scrapedMs < UNSCRAPED_MS;
  }

  /** Without an assignment, as after a Redis that came back empty, everybody keeps what he has. */
  async #reconcile(signal: AbortSignal): Promise<void> {
    const { memberId, registry, holdings } = this.#options;
    const { proxies } = registry;
    if (!proxies) return;
    if (this.#assignment.size > 0) {
      const slot = this.#view?.members.find(({ id }) => id === memberId)?.slot;
      const isOurs = (id: string) => slot !== undefined && this.#assignment.get(id) === slot;
      const kept = this.#partings.keep(this.#leaving(isOurs));
      const ours = [...proxies].filter(([id]) => isOurs(id) || kept.has(id));
      return holdings.reconcile(new Map(ours), this.#known, signal);
    }
    holdings.keepOnly(proxies);
    if (this.#isAlone) holdings.watch(proxies.values());
  }

  /** Proxies held by lease that another member should have. */
  #leaving(isOurs: (id: string) => boolean): ReadonlySet<string> {
    const slots = new Set(this.#view?.members.map(({ slot }) => slot));
    const hasHeir = (id: string) => slots.has(this.#assignment.get(id) ?? '');
    return new Set(this.#options.holdings.leasedIds.filter((id) => !isOurs(id) && hasHeir(id)));
  }

  /** Once for each: a Redis that is away for a day is one line, not one for each heartbeat. */
  #report(problem: string): void {
    if (problem !== this.#problem) this.#options.log.warn('heartbeat failed', { problem });
    this.#problem = problem;
  }
}
