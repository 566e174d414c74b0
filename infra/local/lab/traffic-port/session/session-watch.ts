import type { ClientSession } from './client-session.ts';
import type { PortContext } from './port-context.ts';

const LOOK_EVERY_MS = 250;

/** Ends statements, transactions and clients that exceed their time limits, and idle connections beyond their share. Returns what stops it. */
export function watchSessions(context: PortContext, sessions: () => Iterable<ClientSession>): () => void {
  const timer = setInterval(() => {
    for (const session of [...sessions()]) lookAt(context, session);
    context.pool.trim();
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function lookAt({ stats, pool, settings }: PortContext, session: ClientSession): void {
  const { state } = session;
  const { queryTimeoutMs, clientIdleMs, transactionIdleMs, transactionMs } = settings();
  const nowUs = stats.clock.monotonicUs();
  const lasts = (sinceUs: number | undefined, limitMs: number): boolean =>
    sinceUs !== undefined && limitMs > 0 && nowUs - sinceUs > limitMs * 1000;
  if (state.running !== undefined) {
    const limitMs = state.timeoutMs ?? queryTimeoutMs;
    if (state.timedOut || state.active === undefined || !lasts(state.running.startedUs, limitMs)) return;
    state.timedOut = true;
    stats.globals.add('mysql_killed_backend_queries');
    pool.kill(state.active, 'QUERY', state.identity.login);
    return;
  }
  const idleTooLong = lasts(state.lastActivityUs, state.inTransaction ? transactionIdleMs : clientIdleMs);
  if (idleTooLong || lasts(state.transactionSinceUs, transactionMs)) session.end();
}
