import { setTimeout as sleep } from 'node:timers/promises';
import { backoffDelayMs } from '../../domain/backoff.ts';
import { afterFailure, afterSuccess, type BreakerPolicy, CLOSED_BREAKER, tryThrough } from '../../domain/breaker.ts';
import { isProxywatchError, ProxywatchError } from '../../domain/errors.ts';
import { untilAborted } from '../until-aborted.ts';
import { askService, type Question, type Reply } from './ask-service.ts';

export interface LinkOptions {
  /** Longest for all attempts and the pauses between them. */
  readonly timeoutMs: number;
  /** Longest for one attempt. */
  readonly attemptTimeoutMs: number;
  readonly maxAttempts: number;
  readonly maxAnswerBytes: number;
  readonly retry: { readonly baseMs: number; readonly maxMs: number };
  readonly breaker: BreakerPolicy;
  /** Monotonic. */
  nowMs(): number;
  /** Uniform in [0, 1). */
  random(): number;
}

export type ServiceAnswer = Exclude<Reply, { readonly kind: 'refused' | 'unavailable' }>;

/**
 * Asks the service with a few attempts, and not at all for a while after it failed often. Rejects with SERVICE_UNREACHABLE
 * and SERVICE_REFUSED; with CANCELLED, or the signal's own error, when `signal` aborts.
 */
export function createServiceLink(options: LinkOptions) {
  const { timeoutMs, attemptTimeoutMs, maxAttempts, maxAnswerBytes, retry, breaker: policy, nowMs, random } = options;
  let breaker = CLOSED_BREAKER;

  async function attempt(question: Question, overall: AbortSignal): Promise<Reply> {
    const leave = tryThrough(breaker, policy, nowMs());
    breaker = leave.breaker;
    if (!leave.allowed) return { kind: 'unavailable', reason: 'it failed too often, and is left alone for a while' };
    const limit = AbortSignal.timeout(attemptTimeoutMs);
    const signal = AbortSignal.any([overall, limit]);
    try {
      // The promise alone is not enough: a body that trickles in must not hold anybody up.
      const reply = await untilAborted(askService(question, maxAnswerBytes, signal), signal);
      const hasFailed = reply.kind === 'unavailable';
      breaker = hasFailed ? afterFailure(breaker, policy, nowMs(), random()) : afterSuccess();
      return reply;
    } catch (error) {
      if (!signal.aborted) throw error;
      // Time that ran out is the service's fault; a caller that left proves nothing, and its trial is given back by time.
      if (!limit.aborted && overall.reason?.name !== 'TimeoutError') throw error;
      breaker = afterFailure(breaker, policy, nowMs(), random());
      return { kind: 'unavailable', reason: `no answer within ${attemptTimeoutMs} ms` };
    }
  }

  async function ask(question: Question, signal: AbortSignal | undefined): Promise<ServiceAnswer> {
    throwIfCancelled(signal);
    const limit = AbortSignal.timeout(timeoutMs);
    const overall = AbortSignal.any([limit, ...(signal ? [signal] : [])]);
    for (let attempts = 1; ; attempts++) {
      const reply = await attempt(question, overall).catch((error: unknown) => {
        throwIfCancelled(signal);
        throw error;
      });
      if (reply.kind === 'refused') {
        throw new ProxywatchError('SERVICE_REFUSED', `dbconfig: ${reply.reason}`, { service: 'dbconfig' });
      }
      if (reply.kind !== 'unavailable') return reply;
      throwIfCancelled(signal);
      if (attempts >= maxAttempts || limit.aborted || breaker.kind === 'open') throw unreachable(reply.reason);
      await sleep(backoffDelayMs(retry, attempts, random()), undefined, { signal: overall }).catch(() => {
        throwIfCancelled(signal);
      });
    }
  }
  return { ask };
}

function unreachable(reason: string): ProxywatchError {
  return new ProxywatchError('SERVICE_UNREACHABLE', `dbconfig is unreachable: ${reason}`, { service: 'dbconfig' });
}

function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  if (isProxywatchError(signal.reason)) throw signal.reason;
  throw new ProxywatchError('CANCELLED', 'the question to dbconfig was cancelled', { service: 'dbconfig' });
}
