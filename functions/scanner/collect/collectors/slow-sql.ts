import { errorCodeOf, isProxywatchError } from '@proxywatch/core/domain/errors';
import type { CollectContext, Collector } from '../collect-context.ts';
import { Findings } from './findings.ts';
import { readQueryEvents } from './slow-sql-events.ts';
import { SlowSqlInference } from './slow-sql-inference.ts';
import { encodeSlowSqlMemory, NO_SLOW_SQL, parseSlowSqlMemory } from './slow-sql-memory.ts';

/** Statements that take long: as the proxy recorded them, where it does, else as digests and the processlist show them. */
export const slowSqlCollector: Collector = { name: 'slowSql', collect };

async function collect(context: CollectContext): Promise<void> {
  const { proxy, session, log, state } = context;
  const stored = state === undefined ? NO_SLOW_SQL : parseSlowSqlMemory(state);
  if (!stored) log.warn('slow SQL begins anew: unreadable state', { proxy: proxy.id });
  const findings = new Findings(context, stored ?? NO_SLOW_SQL, encodeSlowSqlMemory);
  const inference = new SlowSqlInference(context, findings);

  const reading = session.capabilities.queryEvents
    ? readQueryEvents(context, findings).catch(asSwitchedOff)
    : Promise.resolve(false);
  context.observeDigests(async (round) => {
    if (!(await reading)) await inference.takeRound(round);
  });
  if (await reading) return;

  // Samples that failed on the proxy's side leave what the others showed.
  const watching = context.watchProcesslist((sample, atMs) => inference.takeSample(sample, atMs));
  const problem = await watching.catch((error: unknown) => {
    if (isProxywatchError(error) && error.code.startsWith('PROXY_')) return error;
    throw error;
  });
  const { untold, leftOut } = inference.missing;
  if (untold + leftOut > 0) log.warn('slow SQL was left out', { proxy: proxy.id, untold, leftOut });
  context.count({ dropped: untold + leftOut });
  await findings.commit();
  if (problem) throw problem;
}

/** Whether a proxy that has the ring lets us read it shows when we do; one that does not has none. */
function asSwitchedOff(error: unknown): false {
  if (errorCodeOf(error) !== 'PROXY_UNSUPPORTED') throw error;
  return false;
}
