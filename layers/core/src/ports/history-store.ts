import type { HistoryBatch, StoredHistory } from '../domain/history/stored-history.ts';

/** Keeps the histories of proxies over the lives of gateways. Rejects with STORE_UNAVAILABLE when it cannot be reached. */
export interface HistoryStore {
  /**
   * Becomes the only writer of a proxy's history: the token that it answers never repeats, and batches with an older one
   * are refused from now on.
   */
  claim(proxyId: string, signal?: AbortSignal): Promise<string>;
  /**
   * The stored history; `undefined` when the store has answered that there is none. Rejects with RECORD_DAMAGED when it
   * does not hold all that was written.
   */
  load(proxyId: string, signal?: AbortSignal): Promise<StoredHistory | undefined>;
  /**
   * Writes a batch, all of it or nothing. Rejects with STORE_FENCED when another writer has claimed the history; after
   * any other failure it may have been written nevertheless.
   */
  save(proxyId: string, write: HistoryWrite, signal?: AbortSignal): Promise<Saved>;
}

export interface HistoryWrite {
  readonly token: string;
  /** The state of the store that the batch is based on; one that replaces everything may be based on none. */
  readonly revision: string | undefined;
  /** Milliseconds since the read that the batch brings. */
  readonly readAgeMs: number;
  readonly batch: HistoryBatch;
}

export type Saved =
  | { readonly kind: 'saved'; readonly revision: string }
  /**
   * The store does not hold the state that the batch is based on (it came back empty or older, or an earlier write did
   * arrive although it seemed to fail): nothing was written; claim again, and write everything.
   */
  | { readonly kind: 'lost' };
