import type { ScanPauses } from '../domain/scan/scan-pauses.ts';

/** What is not to be scanned for a while. Times are the store's own. Rejects with STORE_UNAVAILABLE. */
export interface ScanPauseStore {
  /** Pauses that are in force. */
  fetchAll(signal?: AbortSignal): Promise<ScanPauses>;
  /** For `durationMs`, or until it is resumed. Rejects with FLEET_TOO_LARGE when too much is paused one by one. */
  pause(target: PauseTarget, durationMs: number | undefined, signal?: AbortSignal): Promise<void>;
  resume(target: PauseTarget, signal?: AbortSignal): Promise<void>;
}

export interface PauseTarget {
  readonly kind: 'proxy' | 'namespace' | 'collector';
  readonly name: string;
}
