import { errorCodeOf, messageOf } from '@proxywatch/core/domain/errors';
import type { ErrorTotals } from '@proxywatch/core/domain/processlist';
import { errorIntervalOf } from '@proxywatch/core/domain/scan/error-intervals';
import { errorRecordsOf } from '@proxywatch/core/domain/scan/error-records';
import type { CollectContext, Collector } from '../collect-context.ts';
import { encodeErrorMemory, parseErrorMemory, type SqlErrorsMemory } from './sql-errors-memory.ts';

/** The totals walk locked tables of the proxy, which must not happen more than once a minute; ticks are not that exact. */
const TOTALS_INTERVAL_MS = 55_000;

/** Errors that came up between two runs: what the proxy's table details, and what its totals say beyond that. */
export const sqlErrorsCollector: Collector = { name: 'sqlErrors', collect };

async function collect(context: CollectContext): Promise<void> {
  const { proxy, session, clock, log, settings, signal } = context;
  const before = context.state === undefined ? undefined : parseErrorMemory(context.state);
  if (context.state !== undefined && !before) log.warn('errors begin anew: unreadable state', { proxy: proxy.id });
  const { errors: rows, uptimeS, proxyNowS, truncated = [] } = await session.fetchStatus(signal);
  const atMs = Math.round(clock.wallMs());
  context.count({ truncated: truncated.includes('errors') ? 1 : 0 });
  if (truncated.includes('errors')) log.warn('more kinds of errors than are read', { proxy: proxy.id });
  // After the table, so that what comes up in between is told by the next table, and not taken for lost.
  const isAsked = session.capabilities.errorTotals && isDue(before?.totalsAskedAtMs, clock.wallMs());
  const totalsAskedAtMs = isAsked ? Math.round(clock.wallMs()) : before?.totalsAskedAtMs;
  const totals = isAsked ? await fetchTotals(context) : undefined;
  const isOfOneLife = totals === undefined || totals.uptimeS >= uptimeS;
  const read = { atMs, uptimeS, proxyNowS, rows, ...(totals && isOfOneLife && { totals }) };
  const { interval, memory } = errorIntervalOf(read, before);
  const records = errorRecordsOf({ proxy: proxy.id, namespace: proxy.namespace, ...interval }, settings);
  await context.commit({ state: encodeErrorMemory({ ...memory, totalsAskedAtMs }), records });
}

/** A proxy that did not answer is asked no sooner than one that did. */
function isDue(askedAtMs: SqlErrorsMemory['totalsAskedAtMs'], nowMs: number): boolean {
  return askedAtMs === undefined || Math.abs(nowMs - askedAtMs) >= TOTALS_INTERVAL_MS;
}

/** `undefined` when the proxy does not tell them: the table alone is a lower bound. */
async function fetchTotals({ proxy, session, log, signal }: CollectContext): Promise<ErrorTotals | undefined> {
  try {
    return await session.fetchErrorTotals(signal);
  } catch (error) {
    const code = errorCodeOf(error);
    if (signal.aborted || !code?.startsWith('PROXY_')) throw error;
    if (code !== 'PROXY_UNSUPPORTED') {
      log.warn('totals of errors were not read', { proxy: proxy.id, code, problem: messageOf(error) });
    }
    return undefined;
  }
}
