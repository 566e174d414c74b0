import type { HistoryBatch, StoredHistory } from '../domain/digests/stored-history.ts';

/** Keeps the histories of proxies over the lives of gateways. Rejects with STORE_UNAVAILABLE, STORE_FENCED. */
export interface HistoryStore {
  /**
   * Becomes the only writer of a proxy's history: the token that it answers never repeats, and writes with an older one
   * are refused from now on.
   */
  claim(proxyId: string, signal?: AbortSignal): Promise<number>;
  /** The stored history; `undefined` when the store has answered that there is none. */
  load(proxyId: string, signal?: AbortSignal): Promise<StoredHistory | undefined>;
  /**
   * Writes a batch. `lost` when the store no longer holds what earlier batches wrote (it came back empty), in which case
   * nothing was written and a batch of everything is due.
   */
  save(proxyId: string, token: number, batch: HistoryBatch, signal?: AbortSignal): Promise<'saved' | 'lost'>;
}
