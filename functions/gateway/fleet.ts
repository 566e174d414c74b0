import { errorCodeOf, messageOf } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { Log } from '@proxywatch/core/ports/log';
import type { ProxyRegistry, RegistrySnapshot } from '@proxywatch/core/ports/proxy-registry';
import type { GatewayMetrics } from './gateway-metrics.ts';
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
/** How long a collection without a scrape may keep its caller; the collection's own budget bounds it as well. */
const IDLE_WAIT_MS = 60_000;

/** The workers of a gateway: one per proxy of the registry. A registry that cannot be read changes nothing. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #workers = new Map<string, ProxyWorker>();
  readonly #retiring = new Map<string, Promise<void>>();
  #snapshot: RegistrySnapshot | undefined;
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
    this.#stopping.abort();
    await this.#loop;
    for (const id of this.#workers.keys()) this.#retire(id);
    await Promise.all(this.#retiring.values());
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
      for (const worker of this.#workers.values()) {
        if ((worker.idleMs ?? Number.POSITIVE_INFINITY) >= idleMs)
          void worker.refresh(performance.now() + IDLE_WAIT_MS);
      }
      await pause(Math.min(pollMs, idleMs) / 2, signal);
    }
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const { registry, metrics, log } = this.#options;
    try {
      const snapshot = await registry.fetchProxies(signal);
      metrics.registryProblems.set(snapshot.damaged.length + (snapshot.problem === undefined ? 0 : 1));
      if (snapshot.version !== this.#snapshot?.version) this.#apply(snapshot);
      if (snapshot.problem !== this.#snapshot?.problem && snapshot.problem) {
        log.warn('registry has a problem', { problem: snapshot.problem });
      }
      this.#snapshot = snapshot;
    } catch (error) {
      if (signal.aborted) return;
      metrics.registryProblems.set(1);
      log.warn('registry cannot be read', { code: errorCodeOf(error), message: messageOf(error) });
    }
  }

  #apply({ proxies, damaged }: RegistrySnapshot): void {
    const { createWorker, metrics, log } = this.#options;
    const wanted = new Map(proxies.map((proxy) => [proxy.id, proxy]));
    for (const [id, worker] of this.#workers) {
      const proxy = wanted.get(id);
      if (!proxy || JSON.stringify(proxy) !== JSON.stringify(worker.proxy)) this.#retire(id);
    }
    for (const [id, proxy] of wanted) if (!this.#workers.has(id)) this.#workers.set(id, createWorker(proxy));
    for (const { id, problem } of damaged) log.warn('registry entry left out', { proxy: id, problem });
    metrics.proxies.set(this.#workers.size);
    log.info('registry applied', { proxies: this.#workers.size });
  }

  #retire(id: string): void {
    const worker = this.#workers.get(id);
    if (!worker) return;
    this.#workers.delete(id);
    const stopped = worker.stop(AbortSignal.timeout(STOP_TIMEOUT_MS)).finally(() => this.#retiring.delete(id));
    this.#retiring.set(id, stopped);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}
