import type { SinkName } from '../domain/scan/collectors.ts';
import type { ScanBatch } from '../domain/scan/scan-record.ts';

/** Takes records of the scanner over. */
export interface Sink {
  readonly name: SinkName;
  /**
   * Takes a batch over, all of it or nothing; or all of it once more where it came in part. The same batch a second time
   * changes nothing where the sink can tell (Kafka cannot: events keep their ids there). Rejects with SINK_UNAVAILABLE
   * (try again) or with another code when trying again is no use.
   */
  write(batch: ScanBatch, signal?: AbortSignal): Promise<void>;
  /** Ends the connections. */
  close(): Promise<void>;
}
