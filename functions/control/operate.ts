import type { OperateRequest } from '@proxywatch/core/ports/operation-invoker';
import { advance } from './advance.ts';
import { type ControlDeps, createEngine } from './control-deps.ts';
import type { Engine } from './engine.ts';
import { runGroup } from './run-group.ts';

/** Does one group of an operation, or decides what comes next. A death at any point loses nothing. */
export function operate(deps: ControlDeps, request: OperateRequest, signal: AbortSignal): Promise<void> {
  return operateWith(createEngine(deps), request, signal);
}

export async function operateWith(engine: Engine, request: OperateRequest, signal: AbortSignal): Promise<void> {
  const { operationId, groupId } = request;
  if (groupId === undefined) await advance(engine, operationId, signal);
  else await runGroup(engine, operationId, groupId, signal);
}
