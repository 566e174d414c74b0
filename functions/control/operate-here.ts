import type { ControlDeps } from './control-deps.ts';
import { createLocalOperationInvoker, type LocalOperationInvoker } from './local-operation-invoker.ts';
import { operate } from './operate.ts';

/** Where there is no Lambda, operations go on in the process that was asked for them. */
export function operateHere(deps: ControlDeps): LocalOperationInvoker {
  return createLocalOperationInvoker({
    operate: (request, signal) => operate(deps, request, signal),
    log: deps.log,
  });
}
