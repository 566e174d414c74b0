import { errorCodeOf, messageOf } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { Log } from '@proxywatch/core/ports/log';
import type { ProxyRegistry, RegistrySnapshot } from '@proxywatch/core/ports/proxy-registry';
import { bounded } from '../collection/bounded.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';

/** Longest wait for the registry: who waits for it does not keep its leases meanwhile. */
const TIMEOUT_MS = 3_000;

/** The registry as it was read last. One that cannot be read changes nothing. */
export class RegistryWatch {
  readonly #registry: ProxyRegistry;
  readonly #metrics: GatewayMetrics;
  readonly #log: Log;
  #snapshot: RegistrySnapshot | undefined;
  #proxies: ReadonlyMap<string, RegisteredProxy> | undefined;
  /** What was reported last. */
  #problem: string | undefined;

  constructor(registry: ProxyRegistry, metrics: GatewayMetrics, log: Log) {
    this.#registry = registry;
    this.#metrics = metrics;
    this.#log = log;
  }

  /** By id; undefined before the first success: nothing can be said about any proxy then. */
  get proxies(): ReadonlyMap<string, RegisteredProxy> | undefined {
    return this.#proxies;
  }

  /** Never rejects. */
  async poll(stopping: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(TIMEOUT_MS)]);
    try {
      const what = { code: 'STORE_UNAVAILABLE', what: 'the registry' } as const;
      this.#take(await bounded(this.#registry.fetchProxies(signal), signal, what));
    } catch (error) {
      if (stopping.aborted) return;
      this.#metrics.registryProblems.set((this.#snapshot?.damaged.length ?? 0) + 1);
      this.#report(`${errorCodeOf(error) ?? 'INTERNAL'}: ${messageOf(error)}`);
    }
  }

  #take(snapshot: RegistrySnapshot): void {
    this.#metrics.registryProblems.set(snapshot.damaged.length + (snapshot.problem === undefined ? 0 : 1));
    this.#report(snapshot.problem);
    if (snapshot.version !== this.#snapshot?.version) {
      this.#proxies = new Map(snapshot.proxies.map((proxy) => [proxy.id, proxy]));
      for (const { id, problem } of snapshot.damaged) this.#log.warn('registry entry left out', { proxy: id, problem });
      this.#log.info('registry applied', { proxies: snapshot.proxies.length });
    }
    this.#snapshot = snapshot;
  }

  /** Once for each: a registry that is away for a day is one line, not one for each poll. */
  #report(problem: string | undefined): void {
    if (problem !== undefined && problem !== this.#problem) this.#log.warn('registry has a problem', { problem });
    this.#problem = problem;
  }
}
