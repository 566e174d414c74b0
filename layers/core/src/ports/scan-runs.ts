import type { ScanRun } from '../domain/scan/scan-run.ts';

/** Keeps what became of each tick, for people and for the API. */
export interface ScanRuns {
  /** The same tick again replaces what was recorded of it. Rejects with STORE_UNAVAILABLE. */
  record(run: ScanRun, signal?: AbortSignal): Promise<void>;
}
