import type { CollectorRun, ScanReport, ScanVisit } from '../domain/scan/scan-report.ts';

/** How the scanner does with each proxy, for people. All reject with STORE_UNAVAILABLE. */
export interface ScanReports {
  /** The last visit replaces the one before; so does the run of each collector, others stay. */
  note(proxyId: string, visit: ScanVisit, collectors: readonly CollectorRun[], signal?: AbortSignal): Promise<void>;
  /** By proxy id; one that was never visited has none. */
  fetchReports(proxyIds: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, ScanReport>>;
}
