/** One tick of the scanner as its dispatcher saw it. Times are epoch milliseconds of the dispatcher's clock. */
export interface ScanRun {
  readonly tickMs: number;
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** `partial`: something went to the dead letters or nowhere. */
  readonly outcome: 'complete' | 'partial';
  /** Proxies of the registry. */
  readonly proxies: number;
  /** Proxies of which something was due, those that are invoked for. */
  readonly due: number;
  /** Proxies left out because somebody paused them, or all that was due of them. */
  readonly paused: number;
  /** Proxies left out because they failed lately. */
  readonly backingOff: number;
  /** Registry entries that could not be understood. */
  readonly damaged: number;
  /** Invocations that were accepted. */
  readonly invocations: number;
  /** Attempts that were made again, after throttling or another failure. */
  readonly retries: number;
  /** Requests that went to the dead letters. */
  readonly deadLetters: number;
  /** Requests that were neither made nor kept as dead letters; what is due in them is due again at the next tick. */
  readonly lost: number;
  /** The reason of the first request that could not be sent. */
  readonly problem?: string;
}
