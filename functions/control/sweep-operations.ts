import { messageOf } from '@proxywatch/core/domain/errors';
import { type ControlDeps, createEngine } from './control-deps.ts';
import type { Engine } from './engine.ts';

const MOST_AT_ONCE = 200;

/** Has everything go on that nobody works on: after deaths, lost invocations and long pauses. Answers how much that was. */
export function sweepOperations(deps: ControlDeps, signal: AbortSignal): Promise<number> {
  return sweepWith(createEngine(deps), signal);
}

export async function sweepWith({ store, invoker, log }: Engine, signal: AbortSignal): Promise<number> {
  const unattended = await store.fetchUnattended(MOST_AT_ONCE, signal);
  for (const request of unattended) {
    try {
      await invoker.invoke(request, signal);
    } catch (error) {
      log.warn('an operation was not invoked', { operation: request.operationId, message: messageOf(error) });
    }
  }
  await store.deleteExpired(signal);
  return unattended.length;
}
