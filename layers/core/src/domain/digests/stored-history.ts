/** The stored history of a proxy: records as history-record.ts writes them, by key. */
export interface StoredHistory {
  readonly meta: string;
  /** Milliseconds since it was written, by the store's own clock. */
  readonly ageMs: number;
  readonly rows: ReadonlyMap<string, string>;
  readonly series: ReadonlyMap<string, string>;
}

/** What a write brings: all of it is taken over at once, or nothing. */
export interface HistoryBatch {
  readonly meta: string;
  /** Stored rows are dropped before `rows` are written. */
  readonly replacesRows: boolean;
  readonly rows: ReadonlyMap<string, string>;
  readonly deletedRows: readonly string[];
  readonly series: ReadonlyMap<string, string>;
}
