import { type BackoffPolicy, backoffDelayMs } from '@proxywatch/core/domain/backoff';
import { errorCodeOf, messageOf } from '@proxywatch/core/domain/errors';
import type { ScanRun } from '@proxywatch/core/domain/scan/scan-run';
import type { CollectInvoker, CollectRequest, DeadLetters } from '@proxywatch/core/ports/collect-invoker';
import type { Log } from '@proxywatch/core/ports/log';
import { bounded } from '../../collection/bounded.ts';
import { type DispatchClock, limitOf } from './dispatch-clock.ts';

export interface Sending {
  readonly invoker: CollectInvoker;
  readonly deadLetters: DeadLetters;
  readonly clock: DispatchClock;
  readonly log: Log;
  /** Invocations under way at once. */
  readonly parallel: number;
  /** How long requests are sent; what could not be sent by then goes to the dead letters. */
  readonly budgetMs: number;
}

export type Sent = Pick<ScanRun, 'invocations' | 'retries' | 'deadLetters' | 'lost' | 'problem'>;

const BACKOFF: BackoffPolicy = { baseMs: 200, maxMs: 5_000 };
/** Attempts where something else than throttling is the reason: a mistake in the set-up does not go away. */
const MAX_FAILED_ATTEMPTS = 3;
/** For one dead letter, and for all that are left when the budget is spent. */
const DEAD_LETTER_TIMEOUT_MS = 5_000;
/** The first of them are told in the log, the rest is counted. */
const MAX_LOGGED = 3;

/**
 * Sends requests on their way, several at once: throttling is retried while there is time, and what cannot be sent goes to
 * the dead letters. Never rejects. After `signal` has aborted nothing more is sent, and the rest counts as lost.
 */
export async function sendAll(
  requests: readonly CollectRequest[],
  { invoker, deadLetters, clock, log, parallel, budgetMs }: Sending,
  signal: AbortSignal,
): Promise<Sent> {
  const sent = { invocations: 0, retries: 0, deadLetters: 0, lost: 0 };
  let problem: string | undefined;
  let logged = 0;
  const sending = limitOf(clock, budgetMs, signal);
  const burying = limitOf(clock, budgetMs + DEAD_LETTER_TIMEOUT_MS, signal);

  /** Why the request could not be sent; `undefined` when it was. */
  async function send(request: CollectRequest): Promise<string | undefined> {
    let reason = 'the time of the tick was over before it was its turn';
    let failed = 0;
    for (let attempt = 1; !sending.signal.aborted; attempt++) {
      try {
        const what = { code: 'INVOKE_FAILED', what: 'the invocation' } as const;
        await bounded(invoker.invoke(request, sending.signal), sending.signal, what);
        sent.invocations += 1;
        return undefined;
      } catch (error) {
        const code = errorCodeOf(error) ?? 'INTERNAL';
        reason = `${code}: ${messageOf(error)}`;
        if (code !== 'INVOKE_THROTTLED' && ++failed >= MAX_FAILED_ATTEMPTS) return reason;
      }
      const delayMs = backoffDelayMs(BACKOFF, attempt, clock.random());
      await clock.sleep(delayMs, sending.signal).catch(() => undefined);
      if (!sending.signal.aborted) sent.retries += 1;
    }
    return reason;
  }

  async function bury(request: CollectRequest, reason: string): Promise<void> {
    const limit = limitOf(clock, DEAD_LETTER_TIMEOUT_MS, burying.signal);
    try {
      const what = { code: 'SINK_UNAVAILABLE', what: 'the dead letters' } as const;
      await bounded(deadLetters.send(request, reason, limit.signal), limit.signal, what);
      sent.deadLetters += 1;
      tell('a request went to the dead letters', request, reason);
    } catch (error) {
      sent.lost += 1;
      tell(`a request is lost: ${messageOf(error)}`, request, reason);
    } finally {
      limit.clear();
    }
  }

  function tell(event: string, { proxies }: CollectRequest, reason: string): void {
    problem ??= reason;
    logged += 1;
    if (logged <= MAX_LOGGED) log.error(event, { proxies: proxies.length, first: proxies[0]?.proxy.id, reason });
  }

  const queue = requests.values();
  async function work(): Promise<void> {
    for (const request of queue) {
      const reason = await send(request);
      if (reason === undefined) continue;
      if (!signal.aborted) await bury(request, reason);
      else {
        sent.lost += 1;
        problem ??= 'stopped before all was sent';
      }
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(parallel, requests.length) }, work));
  } finally {
    sending.clear();
    burying.clear();
  }
  return { ...sent, ...(problem === undefined ? {} : { problem }) };
}
