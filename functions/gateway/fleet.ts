import { setTimeout } from 'node:timers/promises';
import { errorCodeOf, messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { Log } from '@proxywatch/core/ports/log';
import type { ProxyRegistry, RegistrySnapshot } from '@proxywatch/core/ports/proxy-registry';
import type { GatewayMetrics } from './gateway-metrics.ts';
import { bounded } from './worker/bounded.ts';
import type { ProxyWorker } from './worker/proxy-worker.ts';

export interface FleetOptions {
  readonly registry: ProxyRegistry;
  readonly createWorker: (proxy: RegisteredProxy) => ProxyWorker;
  readonly pollMs: number;
  /** A proxy whose last collection is older than this is collected from without being scraped. */
  readonly idleMs: number;
  readonly metrics: GatewayMetrics;
  readonly log: Log;
}

/** Workers that stop at once write their histories side by side, at most this long. */
const STOP_TIMEOUT_MS = 10_000;
/** Longest wait for the registry: who waits for it does not look after idle proxies meanwhile. */
const REGISTRY_TIMEOUT_MS = 10_000;

/** The workers of a gateway: one per proxy of the registry. A registry that cannot be read changes nothing. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #workers = new Map<string, ProxyWorker>();
  #snapshot: RegistrySnapshot | undefined;
  /** What was reported last of the registry. */
  #problem: string | undefined;
  #loop: Promise<void> | undefined;
  readonly #stopping = new AbortController();

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  get workers(): readonly ProxyWorker[] {
    return [...this.#workers.values()];
  }

  workerOf(proxyId: string): ProxyWorker | undefined {
    return this.#workers.get(proxyId);
  }

  /** Whether the registry was read: before, nothing can be said about any proxy. */
  get isLoaded(): boolean {
    return this.#snapshot !== undefined;
  }

  /** Whether the registry was read and every proxy in it has been collected from once, well or not. */
  get isReady(): boolean {
    return this.#snapshot !== undefined && this.workers.every((worker) => worker.hasCollected);
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Resolves when no worker runs any more and every history that could be written is written. */
  async stop(): Promise<void> {
    this.#stopping.abort(new ProxywatchError('CANCELLED', 'the gateway stops'));
    await this.#loop;
    await Promise.all([...this.#workers.keys()].map((id) => this.#retire(id)));
  }

  async #run(): Promise<void> {
    const { pollMs, idleMs } = this.#options;
    const { signal } = this.#stopping;
    let pollAtMs = 0;
    while (!signal.aborted) {
      if (performance.now() >= pollAtMs) {
        await this.#poll(signal);
        pollAtMs = performance.now() + pollMs;
      }
      for (const worker of this.#workers.values()) worker.collectIfIdle(idleMs);
      await setTimeout(Math.min(pollMs, idleMs) / 2, undefined, { signal }).catch(() => undefined);
    }
  }

  async #poll(stopping: AbortSignal): Promise<void> {
    const { registry, metrics } = this.#options;
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(REGISTRY_TIMEOUT_MS)]);
    try {
      const snapshot = await bounded(registry.fetchProxies(signal), signal, {
        code: 'STORE_UNAVAILABLE',
        what: 'the registry',
      });
      metrics.registryProblems.set(snapshot.damaged.length + (snapshot.problem === undefined ? 0 : 1));
      if (snapshot.version !== this.#snapshot?.version) await this.#apply(snapshot);
      if (snapshot.problem !== undefined) this.#reportProblem(snapshot.problem);
      else this.#problem = undefined;
      this.#snapshot = snapshot;
    } catch (error) {
      if (stopping.aborted) return;
      metrics.registryProblems.set((this.#snapshot?.damaged.length ?? 0) + 1);
      this.#reportProblem(`${errorCodeOf(error) ?? 'INTERNAL'}: ${messageOf(error)}`);
    }
  }

  /** Once for each: a registry that is away for a day is one line, not one for each poll. */
  #reportProblem(problem: string): void {
    if (problem !== this.#problem) this.#options.log.warn('registry has a problem', { problem });
    this.#problem = problem;
  }

  /** A proxy that changed gets a new worker once the old one has stopped: one connection to a proxy, one writer. */
  async #apply({ proxies, damaged }: RegistrySnapshot): Promise<void> {
    const { createWorker, metrics, log } = this.#options;
    const wanted = new Map(proxies.map((proxy) => [proxy.id, JSON.stringify(proxy)]));
    const outdated = [...this.#workers.values()]
      .filter(({ proxy }) => wanted.get(proxy.id) !== JSON.stringify(proxy))
      .map(({ proxy }) => proxy.id);
    const stopped = Promise.all(outdated.map((id) => this.#retire(id)));
    const isMissing = ({ id }: RegisteredProxy) => !this.#workers.has(id);
    const add = (proxy: RegisteredProxy) => this.#workers.set(proxy.id, createWorker(proxy));
    proxies
      .filter(({ id }) => !outdated.includes(id))
      .filter(isMissing)
      .forEach(add);
    await stopped;
    proxies.filter(isMissing).forEach(add);
    for (const { id, problem } of damaged) log.warn('registry entry left out', { proxy: id, problem });
    metrics.proxies.set(this.#workers.size);
    log.info('registry applied', { proxies: this.#workers.size });
  }

  async #retire(id: string): Promise<void> {
    const worker = this.#workers.get(id);
    this.#workers.delete(id);
    try {
      await worker?.stop(AbortSignal.timeout(STOP_TIMEOUT_MS));
    } catch (error) {
      this.#options.log.error('worker not stopped cleanly', { proxy: id, message: messageOf(error) });
    }
  }
}
