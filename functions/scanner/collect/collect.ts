import type { ErrorCode } from '@proxywatch/core/domain/errors';
import type { CollectorName } from '@proxywatch/core/domain/scan/collectors';
import type { CollectRequest } from '@proxywatch/core/ports/collect-invoker';

/** The scanner's second half: collects from the proxies of a request. */
export interface Collect {
  /**
   * Collects from all proxies of the request, several at once, and stops in good time before `deadlineMs` (epoch
   * milliseconds), or soon after `signal` aborts. Never rejects for what is wrong with one proxy or sink: the report says it.
   */
  collect(request: CollectRequest, signal: AbortSignal, deadlineMs: number): Promise<CollectReport>;
  /** Ends the connections; to be called when no collection is under way. */
  close(): Promise<void>;
}

/** What became of one request. */
export interface CollectReport {
  readonly proxies: readonly ProxyReport[];
}

export interface ProxyReport {
  readonly proxy: string;
  /**
   * `busy`: another run has the proxy, and nothing was done. `unreachable`: the proxy could not be connected to. `failed`:
   * the store kept us from beginning, or took the proxy away. `unfinished`: the time was over; the rest is taken up by the
   * next run.
   */
  readonly outcome: 'collected' | 'busy' | 'unreachable' | 'failed' | 'unfinished';
  readonly problem?: Problem;
  readonly collectors: readonly CollectorReport[];
  /** Batches that reached a sink in this run; one that reached two counts twice. */
  readonly delivered: number;
  /** Batches that some sink does not have yet. */
  readonly pending: number;
  /** Batches that a sink refused for good: they are in the log, and gone. */
  readonly refused: number;
}

export interface CollectorReport {
  readonly name: CollectorName;
  readonly records: number;
  /** `undefined` when it ran through. */
  readonly problem?: Problem;
}

export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
}
