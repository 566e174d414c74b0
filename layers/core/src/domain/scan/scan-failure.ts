/** A proxy that could not be scanned lately. */
export interface ScanFailure {
  /** Failures in a row. */
  readonly count: number;
  /** The tick of the first of them: nothing was collected since. */
  readonly firstTickMs: number;
  /** Code of the latest. */
  readonly code: string;
  /** Until the next attempt, milliseconds; 0 when it may be made. */
  readonly waitMs: number;
}
