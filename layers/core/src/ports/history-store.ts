import type { HistoryBatch, StoredHistory } from '../domain/history/stored-history.ts';

/** The histories of proxies as somebody sees them who writes them: a holder of leases (lease-store.ts), and their tokens. */
export interface HistoryStore extends StoredHistories {
  /** The token to write with, once it is known that the lease stands; writers with an older one are refused. */
  claim(proxyId: string, signal?: AbortSignal): Promise<string>;
}

/**
 * Keeps the histories of proxies over the lives of gateways. Rejects with STORE_UNAVAILABLE when it cannot be reached,
 * and with STORE_FENCED when somebody else has taken the lease of the proxy; after any other failure what was asked for
 * may have been done nevertheless.
 */
export interface StoredHistories {
  /** The stored history; `undefined` when the store has answered that there is none. */
  load(proxyId: string, signal?: AbortSignal): Promise<StoredHistory | undefined>;
  /** Records of single rows, in the order of their keys; `undefined` for rows that the store does not hold. */
  fetchRows(proxyId: string, state: StoreState, keys: readonly string[], signal?: AbortSignal): Promise<FetchedRows>;
  /** Writes a batch, all of it or nothing. */
  save(proxyId: string, write: HistoryWrite, signal?: AbortSignal): Promise<Saved>;
  /**
   * One bounded step through the rows of a history: takes out those that were touched last before `touchedBeforeS` (epoch
   * seconds), and sets those aside whose records cannot be read. Begins at cursor '0'.
   */
  sweepRows(proxyId: string, token: string, sweep: Sweep, signal?: AbortSignal): Promise<Swept>;
  /** Keeps records that cannot be read for people to look at: some hundreds for each proxy, more are dropped. */
  setAside(proxyId: string, token: string, records: ReadonlyMap<string, string>, signal?: AbortSignal): Promise<void>;
  /** Forgets all of a proxy that is retired. Older writers stay fenced off. */
  forget(proxyId: string, token: string, signal?: AbortSignal): Promise<void>;
  /** What was exchanged with the store since this was made, by kind of operation. */
  readonly traffic: ReadonlyMap<StoreOperation, Traffic>;
}

/** Which state of the store a caller relies upon. */
export interface StoreState {
  readonly token: string;
  readonly revision: string;
}

export type FetchedRows =
  | { readonly kind: 'fetched'; readonly records: readonly (string | undefined)[] }
  /** See `Saved`: the rows that only the store held are lost. */
  | { readonly kind: 'lost' };

export interface HistoryWrite {
  readonly token: string;
  /**
   * The state of the store that the batch is based on; one that replaces everything may be based on none. Batches that
   * seemed to fail since may have been written: what they brought is in this one too.
   */
  readonly revision: string | undefined;
  /** Milliseconds since the read that the batch brings. */
  readonly readAgeMs: number;
  readonly batch: HistoryBatch;
}

export type Saved =
  /** With the number of rows that the store holds now. */
  | { readonly kind: 'saved'; readonly revision: string; readonly storedRows: number }
  /**
   * The store does not hold the state that the batch is based on (it came back empty or older, or lost some of it):
   * nothing was written; claim again, and write everything.
   */
  | { readonly kind: 'lost' };

export interface Sweep {
  readonly cursor: string;
  readonly touchedBeforeS: number;
}

export interface Swept {
  /** Where to go on; '0' when the history is through. */
  readonly cursor: string;
  /** Keys of the rows that were taken out. */
  readonly dropped: readonly string[];
  /** Keys of the rows that were set aside; they are taken out too. */
  readonly damaged: readonly string[];
}

export type StoreOperation = 'load' | 'fetch-rows' | 'save' | 'sweep' | 'set-aside' | 'forget';

export interface Traffic {
  readonly calls: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}
