import type { HistoryBatch, StoredHistory } from '../domain/history/stored-history.ts';

/** Keeps the histories of proxies over the lives of gateways. Rejects with STORE_UNAVAILABLE when it cannot be reached. */
export interface HistoryStore {
  /**
   * Becomes the only writer of a proxy's history: the token that it answers never repeats, and batches with an older one
   * are refused from now on.
   */
  claim(proxyId: string, signal?: AbortSignal): Promise<string>;
  /** The stored history; `undefined` when the store has answered that there is none. */
  load(proxyId: string, signal?: AbortSignal): Promise<StoredHistory | undefined>;
  /**
   * Writes a batch that is based on `revision`; one that replaces everything is based on none.
   * Rejects with STORE_FENCED when another writer has claimed the history.
   */
  save(
    proxyId: string,
    token: string,
    revision: string | undefined,
    batch: HistoryBatch,
    signal?: AbortSignal,
  ): Promise<Saved>;
}

export type Saved =
  | { readonly kind: 'saved'; readonly revision: string }
  /**
   * The store does not hold the state that the batch is based on (it came back empty or older, or an earlier write did
   * arrive although it seemed to fail): nothing was written; claim again, and write everything.
   */
  | { readonly kind: 'lost' };
