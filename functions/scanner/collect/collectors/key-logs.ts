import { errorCodeOf, messageOf } from '@proxywatch/core/domain/errors';
import type { ProxyState } from '@proxywatch/core/domain/proxy-state';
import { keyEventsOf } from '@proxywatch/core/domain/scan/key-events';
import { statisticsResetRecord } from '@proxywatch/core/domain/scan/key-records';
import type { KeyLogRecord } from '@proxywatch/core/domain/scan/scan-record';
import type { CollectContext, Collector, DigestRound } from '../collect-context.ts';
import { encodeKeyLogsMemory, type KeyLogsMemory, parseKeyLogsMemory } from './key-logs-memory.ts';

/** The beginning of an interval is told by clocks, so that of the same one may be off by so much. */
const SAME_INTERVAL_MS = 5_000;

/** What happened to a proxy: restarts, servers that came and went, other configuration, messages, resets by others. */
export const keyLogsCollector: Collector = { name: 'keyLogs', collect };

interface Told {
  readonly records: readonly KeyLogRecord[];
  readonly memory: KeyLogsMemory;
}

async function collect(context: CollectContext): Promise<void> {
  const { proxy, session, clock, log, settings, signal } = context;
  const scope = { proxy: proxy.id, namespace: proxy.namespace };
  const stored = context.state === undefined ? undefined : parseKeyLogsMemory(context.state);
  if (context.state !== undefined && !stored) log.warn('key logs begin anew: unreadable state', { proxy: proxy.id });
  let memory: KeyLogsMemory = stored ?? { look: undefined, resetFromMs: undefined };
  let last: Promise<unknown> = Promise.resolve();

  /** Two sources share one state: each takes over what the other has committed. */
  function tell(find: (memory: KeyLogsMemory) => Told): Promise<void> {
    const telling = last.then(async () => {
      const found = find(memory);
      await context.commit({ state: encodeKeyLogsMemory(found.memory), records: found.records });
      memory = found.memory;
    });
    last = telling.catch(() => undefined);
    return telling;
  }

  context.observeDigests(async (round) => {
    if (isNewReset(round, memory)) await tell((known) => resetOf(round, known, scope));
  });
  const state = await withChecksums(await session.fetchState(signal), context);
  const atMs = Math.round(clock.wallMs());
  const { appliedChecksums } = proxy;
  await tell((known) => {
    const look = { ...scope, maxRecords: settings.maxRecords, ...(appliedChecksums && { appliedChecksums }) };
    const found = keyEventsOf({ state, atMs }, known.look, look);
    return { records: found.events, memory: { ...known, look: found.memory } };
  });
}

/**
 * The credential of statistics seldom shows checksums. Where there is something to compare them with, and a credential that
 * shows them, that one is asked.
 */
async function withChecksums(state: ProxyState, context: CollectContext): Promise<ProxyState> {
  const { proxy, log, signal } = context;
  if (state.checksums !== undefined || proxy.appliedChecksums === undefined) return state;
  try {
    const checksums = await context.fetchChecksums(signal);
    return checksums === undefined ? state : { ...state, checksums };
  } catch (error) {
    if (signal.aborted) throw error;
    log.warn('checksums were not read', { proxy: proxy.id, code: errorCodeOf(error), problem: messageOf(error) });
    return state;
  }
}

/** A reset whose history could not be saved is seen again by the next run. */
function isNewReset({ verdict, reason, fromMs }: DigestRound, { resetFromMs }: KeyLogsMemory): boolean {
  if (verdict !== 'reset' || reason !== 'table-reset' || fromMs === undefined) return false;
  return resetFromMs === undefined || Math.abs(fromMs - resetFromMs) > SAME_INTERVAL_MS;
}

function resetOf(
  { fromMs = 0, toMs }: DigestRound,
  memory: KeyLogsMemory,
  scope: { readonly proxy: string; readonly namespace: string },
): Told {
  return { records: [statisticsResetRecord({ ...scope, fromMs, toMs })], memory: { ...memory, resetFromMs: fromMs } };
}
