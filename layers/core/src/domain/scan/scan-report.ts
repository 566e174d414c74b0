import type { CollectorName } from './collectors.ts';

/** What a collector could not keep in a run. */
export interface ScanLosses {
  /** Records for which there was no room, and events that the proxy lost before they were read. */
  readonly dropped: number;
  /** Answers of the proxy that had more rows than are read. */
  readonly truncated: number;
  /** What was forgotten to keep memory bounded: digest rows that nobody touched for long. */
  readonly evicted: number;
}

export const NO_LOSSES: ScanLosses = { dropped: 0, truncated: 0, evicted: 0 };

/** One run of one collector for one proxy; times are epoch milliseconds of the scanner's clock. */
export interface CollectorRun extends ScanLosses {
  readonly name: CollectorName;
  readonly endedAtMs: number;
  readonly durationMs: number;
  readonly records: number;
  /** Undefined: it ran through. */
  readonly problem?: { readonly code: string; readonly message: string } | undefined;
}

/** One run of the scanner for one proxy. */
export interface ScanVisit {
  readonly tickMs: number;
  readonly endedAtMs: number;
  readonly durationMs: number;
  readonly outcome: string;
  readonly problem?: { readonly code: string; readonly message: string } | undefined;
  /** Batches that reached a sink; that some sink does not have yet; that a sink refused for good. */
  readonly delivered: number;
  readonly pending: number;
  readonly refused: number;
}

/** How the scanner does with a proxy: its last visit, and of each collector the last run and the last that ran through. */
export interface ScanReport {
  readonly visit: ScanVisit | undefined;
  readonly collectors: ReadonlyMap<CollectorName, CollectorRun & { readonly succeededAtMs: number | undefined }>;
}
