/** The four additive columns of a digest row, or their sums: executions, microseconds, rows. */
export interface DigestCounters {
  readonly executions: number;
  readonly timeUs: number;
  readonly rowsAffected: number;
  readonly rowsSent: number;
}

/** One row of the proxy's digest table, raw as the proxy holds it. */
export interface DigestRow {
  /** See digest-key.ts. */
  readonly key: string;
  /** `executions` is 32-bit in ProxySQL and wraps. */
  readonly counters: DigestCounters;
  /** Epoch seconds on the proxy's clock, recomputed at each read: one second of jitter on untouched rows. */
  readonly firstSeenS: number;
  /** When the row last changed, of the same kind; full reads tell it. */
  readonly lastSeenS?: number;
  /** Only for rows born since the last read, cut at 512 characters. */
  readonly text?: string;
  /** Shortest and longest execution since the row was born, microseconds; where they were asked for. */
  readonly minTimeUs?: number;
  readonly maxTimeUs?: number;
}

/** One complete, consistent read of the digest table. */
export interface DigestRead {
  /**
   * `full`: every row of the table, or none of one that is too large to be read whole; `changed`: at least every row that
   * changed since the uptime asked for.
   */
  readonly kind: 'full' | 'changed';
  /** The proxy's wall clock, epoch seconds. */
  readonly proxyNowS: number;
  /** Seconds since the proxy process started. */
  readonly uptimeS: number;
  /** Rows in the whole table. */
  readonly tableRows: number;
  /** Sums over the whole table; `executions` sums the 32-bit values. */
  readonly tableSums: DigestCounters;
  /** Smallest `first_seen` of the whole table; `undefined` when the table is empty. */
  readonly oldestFirstSeenS: number | undefined;
  readonly rows: readonly DigestRow[];
}

/** Whether a full read left the rows out, since there are too many. */
export function areRowsLeftOut({ kind, rows, tableRows }: DigestRead): boolean {
  return kind === 'full' && rows.length < tableRows;
}
