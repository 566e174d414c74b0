import type { CollectorName } from '../domain/scan/collectors.ts';

/** Proxies that somebody wants to be scanned at the next tick, whatever is due. All reject with STORE_UNAVAILABLE. */
export interface ScanRequestStore {
  /** Adds to what is asked for. Rejects with FLEET_TOO_LARGE when too much is waiting. */
  request(proxyIds: readonly string[], collectors: readonly CollectorName[], signal?: AbortSignal): Promise<void>;
  fetchAll(signal?: AbortSignal): Promise<ReadonlyMap<string, ScanRequest>>;
  /** These were taken up; what was asked for again since they were fetched stays. */
  settle(taken: ReadonlyMap<string, ScanRequest>, signal?: AbortSignal): Promise<void>;
}

export interface ScanRequest {
  readonly collectors: ReadonlySet<CollectorName>;
  /** Tells one request from the next of the same proxy. */
  readonly mark: string;
}
