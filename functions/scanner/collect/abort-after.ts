import { ProxywatchError } from '@proxywatch/core/domain/errors';

export interface Limit {
  /** Aborts after the time, or together with the parent and for its reason. */
  readonly signal: AbortSignal;
  /** Aborts after so long at the latest. */
  shorten(ms: number): void;
  /** To be called when the limit is not needed any more. */
  clear(): void;
}

/** A time limit; `reason` is what those reject with who run into it. */
export function abortAfter(ms: number, parent?: AbortSignal, reason?: ProxywatchError): Limit {
  const controller = new AbortController();
  const start = (afterMs: number) => setTimeout(() => controller.abort(reason), Math.max(0, afterMs));
  const timers = [start(ms)];
  return {
    signal: parent ? AbortSignal.any([parent, controller.signal]) : controller.signal,
    shorten: (afterMs) => timers.push(start(afterMs)),
    clear() {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** What ends when the time of an invocation is over. */
export function timeIsOver(): ProxywatchError {
  return new ProxywatchError('CANCELLED', 'the time of the invocation is over');
}
