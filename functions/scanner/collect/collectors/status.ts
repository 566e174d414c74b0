import { errorCodeOf, isProxywatchError, messageOf } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { ProxyState } from '@proxywatch/core/domain/proxy-state';
import { eventIdOf } from '@proxywatch/core/domain/scan/event-id';
import type { StatusRecord } from '@proxywatch/core/domain/scan/scan-record';
import type { CollectContext, Collector } from '../collect-context.ts';

/** What a proxy is like now. Nothing of it is remembered: the next run replaces it. */
export const statusCollector: Collector = { name: 'status', collect };

async function collect(context: CollectContext): Promise<void> {
  const { proxy, session, clock, signal } = context;
  try {
    const [{ errors: _, ...status }, state] = await Promise.all([session.fetchStatus(signal), fetchState(context)]);
    const record = { ...baseOf(proxy, clock.wallMs()), reachable: true, status, ...(state && { state }) };
    await context.commit({ state: undefined, records: [record] });
  } catch (error) {
    // One that takes a connection and answers nothing is no more reachable than one that takes none.
    if (signal.aborted || !errorCodeOf(error)?.startsWith('PROXY_')) throw error;
    await context.commit({ state: undefined, records: [unreachableRecord(proxy, error, clock.wallMs())] });
    throw error;
  }
}

/** A proxy that could not be read, and why. */
export function unreachableRecord(proxy: RegisteredProxy, error: unknown, atMs: number): StatusRecord {
  const problem = `${errorCodeOf(error) ?? 'INTERNAL'}: ${messageOf(error)}`;
  return { ...baseOf(proxy, atMs), reachable: false, problem };
}

/** What the credential may not see is left out. */
async function fetchState({ session, signal }: CollectContext): Promise<ProxyState | undefined> {
  try {
    return await session.fetchState(signal);
  } catch (error) {
    if (isProxywatchError(error) && ['PROXY_UNSUPPORTED', 'PROXY_STATEMENT'].includes(error.code)) return undefined;
    throw error;
  }
}

function baseOf({ id, namespace }: RegisteredProxy, atMs: number) {
  const observedAtMs = Math.round(atMs);
  return {
    kind: 'status',
    eventId: eventIdOf('status', id, observedAtMs),
    proxy: id,
    namespace,
    observedAtMs,
  } as const;
}
