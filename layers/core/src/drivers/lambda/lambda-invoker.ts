import type { CollectInvoker } from '../../ports/collect-invoker.ts';
import { createLaterInvocations, type LambdaInvokerOptions } from './invoke-later.ts';

export type { LambdaInvokerOptions } from './invoke-later.ts';

export interface LambdaInvoker extends CollectInvoker {
  /** Ends the connections. */
  close(): void;
}

/**
 * Has Lambda run `collect`, asynchronously: an invocation is accepted and queued there. Each is sent once: dispatch itself
 * decides what is tried again, and for how long.
 */
export function createLambdaInvoker(options: LambdaInvokerOptions): LambdaInvoker {
  const { send, close } = createLaterInvocations(options);
  return { invoke: send, close };
}
