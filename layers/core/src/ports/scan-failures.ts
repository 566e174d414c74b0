import type { ScanFailure } from '../domain/scan/scan-failure.ts';

/**
 * Proxies that could not be scanned lately. `collect` notes what became of each run, `dispatch` leaves out those whose next
 * attempt has not come yet. All times but ticks are the store's own. Rejects with STORE_UNAVAILABLE.
 */
export interface ScanFailures {
  /** By proxy id; a proxy whose last run succeeded has none. */
  fetchAll(signal?: AbortSignal): Promise<ReadonlyMap<string, ScanFailure>>;
  /**
   * The proxy itself could not be read: unreachable, access denied, too slow. Neither a sink that is away nor a lease that
   * another run holds is a failure of the proxy. Each failure in a row postpones the next attempt further.
   */
  noteFailure(proxyId: string, failure: NotedFailure, signal?: AbortSignal): Promise<void>;
  /** The proxy could be read: what was noted about it is forgotten. */
  noteSuccess(proxyId: string, signal?: AbortSignal): Promise<void>;
  /** Forgets proxies that left the registry. */
  forget(proxyIds: readonly string[], signal?: AbortSignal): Promise<void>;
}

export interface NotedFailure {
  /** The tick of the request that failed, epoch milliseconds. */
  readonly tickMs: number;
  /** Code of the error, e.g. PROXY_UNREACHABLE. */
  readonly code: string;
}
