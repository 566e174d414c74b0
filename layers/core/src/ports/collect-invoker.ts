import type { RegisteredProxy } from '../domain/proxy.ts';
import type { CollectorName } from '../domain/scan/collectors.ts';

/** One invocation of `collect`: the payload, as JSON, of the Lambda as well. No secrets: credentials stand here by reference. */
export interface CollectRequest {
  readonly version: 1;
  /** The tick that it belongs to, epoch milliseconds: the same tick never scans a proxy twice. */
  readonly tickMs: number;
  /** How long until the next tick: what samples (slow transactions) does so for nearly all of it. */
  readonly windowMs: number;
  readonly proxies: readonly DueProxy[];
}

export interface DueProxy {
  readonly proxy: RegisteredProxy;
  readonly collectors: readonly CollectorName[];
}

/** Has `collect` run somewhere else; resolves when the invocation was accepted. */
export interface CollectInvoker {
  /** Rejects with INVOKE_THROTTLED (try again later) or INVOKE_FAILED. */
  invoke(request: CollectRequest, signal?: AbortSignal): Promise<void>;
}

/** Where invocations go that could not be made. */
export interface DeadLetters {
  /** Keeps the request with the reason, for `npm run scan -- --replay`. Rejects with SINK_UNAVAILABLE or SINK_FULL. */
  send(request: CollectRequest, reason: string, signal?: AbortSignal): Promise<void>;
}
