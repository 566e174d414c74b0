import { isProxywatchError } from '@proxywatch/core/domain/errors';
import { observeTransactions } from '@proxywatch/core/domain/scan/transactions';
import type { CollectContext, Collector } from '../collect-context.ts';
import {
  encodeSlowTransactionsMemory,
  NO_TRANSACTIONS,
  parseSlowTransactionsMemory,
  type SlowTransactionsMemory,
} from './slow-transactions-memory.ts';

/** Transactions that are open for long, followed by samples of who does what, from one run to the next. */
export const slowTransactionsCollector: Collector = { name: 'slowTransactions', collect };

async function collect(context: CollectContext): Promise<void> {
  const { proxy, settings, log, state } = context;
  const remembered = state === undefined ? NO_TRANSACTIONS : parseSlowTransactionsMemory(state);
  if (!remembered) log.warn('slow transactions begin anew: unreadable state', { proxy: proxy.id });
  let memory = remembered ?? NO_TRANSACTIONS;
  let committed = memory;
  let told = 0;
  let untold = 0;
  let leftOut = 0;

  const commit = async (next: SlowTransactionsMemory, records: Parameters<typeof context.commit>[0]['records']) => {
    await context.commit({ state: encodeSlowTransactionsMemory(next), records });
    committed = next;
  };

  /** Commits at once what a sample brought to light; all else is remembered when the window is over. */
  const watching = context.watchProcesslist(async (sample, atMs) => {
    const seen = observeTransactions(memory, sample, atMs, {
      proxy: proxy.id,
      namespace: proxy.namespace,
      thresholdMs: settings.slowTransactionMs,
      showLiterals: settings.showLiterals,
      room: Math.max(0, settings.maxRecords - told),
    });
    const next = { ...seen.state, isSilent: !sample.tellsTransactions };
    if (next.isSilent && !memory.isSilent) log.warn('a proxy tells nothing of transactions', { proxy: proxy.id });
    if (seen.records.length > 0) await commit(next, seen.records);
    memory = next;
    told += seen.records.length;
    untold += seen.untold;
    leftOut = Math.max(leftOut, seen.leftOut);
  });

  // Samples that failed on the proxy's side leave what the others showed.
  const problem = await watching.catch((error: unknown) => {
    if (isProxywatchError(error) && error.code.startsWith('PROXY_')) return error;
    throw error;
  });
  if (untold + leftOut > 0) log.warn('slow transactions were left out', { proxy: proxy.id, untold, leftOut });
  context.count({ dropped: untold + leftOut });
  if (memory !== committed && isWorthKeeping(memory, committed)) await commit(memory, []);
  if (problem) throw problem;
}

/** A proxy without slow transactions costs no writes. */
function isWorthKeeping(memory: SlowTransactionsMemory, committed: SlowTransactionsMemory): boolean {
  return memory.open.length > 0 || committed.open.length > 0 || memory.isSilent !== committed.isSilent;
}
