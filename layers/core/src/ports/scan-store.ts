import type { CollectorName, SinkName } from '../domain/scan/collectors.ts';
import type { ScanBatch } from '../domain/scan/scan-record.ts';

/**
 * Keeps what the scanner knows of a proxy from one run to the next: states of its collectors (their cursors), and batches
 * that are not in all of their sinks yet. Only the holder of the scan lease writes: all calls show its token, and reject
 * with STORE_FENCED when another run has the proxy, with STORE_UNAVAILABLE when the store cannot be reached.
 */
export interface ScanStore {
  load(proxyId: string, token: string, signal?: AbortSignal): Promise<StoredScan>;
  /** Writes a collector's new state and what it found, both or neither. The batch stays until it is settled. */
  commit(proxyId: string, token: string, commit: ScanCommit, signal?: AbortSignal): Promise<void>;
  /** These sinks have the batch; with the last of `pending` it leaves the store. */
  settle(
    proxyId: string,
    token: string,
    batchId: string,
    sinks: readonly SinkName[],
    signal?: AbortSignal,
  ): Promise<void>;
  /** Forgets all of a proxy that is retired. */
  forget(proxyId: string, token: string, signal?: AbortSignal): Promise<void>;
}

export interface StoredScan {
  /** By collector; what it wrote last. */
  readonly states: ReadonlyMap<CollectorName, string>;
  /** In the order in which they were committed. */
  readonly batches: readonly PendingBatch[];
  /** About so many bytes are pending. */
  readonly pendingBytes: number;
  /** Stored batches that cannot be read; they were set aside. */
  readonly damaged: number;
}

export interface PendingBatch {
  /** Of one that was loaded, looking at it may mean to unfold it: whoever has many looks at one after the other. */
  readonly batch: ScanBatch;
  /** Sinks that do not have it yet. */
  readonly pending: readonly SinkName[];
}

export interface ScanCommit {
  readonly collector: CollectorName;
  /** `undefined` leaves the state as it is. */
  readonly state: string | undefined;
  readonly batches: readonly PendingBatch[];
}
