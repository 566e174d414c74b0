/** Records as history-record.ts writes them, by key. */
export type Records = ReadonlyMap<string, string>;

/** The stored history of a proxy, but for its rows: those are asked for when a read brings them. */
export interface StoredHistory {
  readonly meta: string;
  /** The same once more, written at the same time: it alone tells what the totals are. */
  readonly metaCopy: string;
  /** Names this very state of the store; the next batch is based on it. */
  readonly revision: string;
  /** Milliseconds since it was read from the proxy, by the store's own clock. */
  readonly ageMs: number;
  /** How many rows the store holds. */
  readonly storedRows: number;
  readonly series: Records;
  readonly errors: Records;
  /** Records that were written and are not there any more. */
  readonly missing: { readonly rows: number; readonly series: number; readonly errors: number };
}

/** What a write brings: all of it is taken over at once, or nothing. */
export interface HistoryBatch {
  /** What of the stored records is void and goes before the new ones are written. */
  readonly replaces: 'nothing' | 'rows' | 'everything';
  readonly meta: string;
  readonly rows: Records;
  readonly deletedRows: readonly string[];
  readonly series: Records;
  readonly deletedSeries: readonly string[];
  readonly errors: Records;
}
