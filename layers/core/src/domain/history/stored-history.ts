/** Records as history-record.ts writes them, by key. */
export type Records = ReadonlyMap<string, string>;

/** The stored history of a proxy. */
export interface StoredHistory {
  readonly meta: string;
  /** Names this very state of the store; the next batch is based on it. */
  readonly revision: string;
  /** Milliseconds since it was read from the proxy, by the store's own clock. */
  readonly ageMs: number;
  readonly rows: Records;
  readonly series: Records;
  readonly errors: Records;
}

/** What a write brings: all of it is taken over at once, or nothing. */
export interface HistoryBatch {
  /** What of the stored records is void and goes before the new ones are written. */
  readonly replaces: 'nothing' | 'rows' | 'everything';
  readonly meta: string;
  readonly rows: Records;
  readonly deletedRows: readonly string[];
  readonly series: Records;
  readonly errors: Records;
}
