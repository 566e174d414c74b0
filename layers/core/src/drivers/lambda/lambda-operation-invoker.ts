import type { OperationInvoker } from '../../ports/operation-invoker.ts';
import { createLaterInvocations, type LambdaInvokerOptions } from './invoke-later.ts';

export interface LambdaOperationInvoker extends OperationInvoker {
  /** Ends the connections. */
  close(): void;
}

/** Has Lambda go on with operations: one invocation for each group, since Lambda ends each of them after its time. */
export function createLambdaOperationInvoker(options: LambdaInvokerOptions): LambdaOperationInvoker {
  const { send, close } = createLaterInvocations(options);
  return { invoke: send, close };
}
