import { messageOf } from '@proxywatch/core/domain/errors';
import { publishRegistry } from '@proxywatch/core/drivers/registry/publish-registry';
import { type ControlDeps, createEngine } from './control-deps.ts';
import type { Engine } from './engine.ts';
import { returnOverrides } from './return-overrides.ts';

const MOST_AT_ONCE = 200;

/**
 * Has everything go on that nobody works on: after deaths, lost invocations and long pauses; answers how much that was. What
 * nobody needs any more is deleted, server overrides that ran out are returned, and what changed of the proxies is published:
 * checksums and locks after an operation.
 */
export async function sweepOperations(deps: ControlDeps, signal: AbortSignal): Promise<number> {
  const { db, registry, log } = deps;
  const unattended = await sweepWith(createEngine(deps), signal);
  try {
    await returnOverrides(deps, signal);
  } catch (error) {
    signal.throwIfAborted();
    log.warn('overrides were not looked through', { message: messageOf(error) });
  }
  try {
    if (registry !== undefined) await publishRegistry(db, registry, signal);
  } catch (error) {
    // They go on with what they know; the next sweep publishes it.
    signal.throwIfAborted();
    log.warn('the registry was not published', { message: messageOf(error) });
  }
  return unattended;
}

export async function sweepWith({ store, invoker, log, times }: Engine, signal: AbortSignal): Promise<number> {
  const unattended = await store.fetchUnattended(MOST_AT_ONCE, signal);
  for (const request of unattended) {
    try {
      await invoker.invoke(request, signal);
    } catch (error) {
      log.warn('an operation was not invoked', { operation: request.operationId, message: messageOf(error) });
    }
  }
  await store.deleteExpired(times.historyMs, signal);
  return unattended.length;
}
