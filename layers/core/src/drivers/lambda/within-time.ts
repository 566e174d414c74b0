import { setTimeout as delay } from 'node:timers/promises';

/**
 * The answer, or a rejection with `onTimeout()` when it takes longer; `start` gets a signal that then aborts, and that aborts
 * with `signal`. The time counts for everything: a client's own limits leave out what it does before and after the request.
 */
export async function withinTime<T>(
  start: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  onTimeout: () => Error,
): Promise<T> {
  signal?.throwIfAborted();
  const ended = new AbortController();
  const own = new AbortController();
  const timer = AbortSignal.any([ended.signal, ...(signal ? [signal] : [])]);
  const limit = delay(timeoutMs, undefined, { signal: timer }).then(
    () => {
      throw onTimeout();
    },
    () => {
      signal?.throwIfAborted();
      // The answer was there first: nobody looks at this promise any more.
      return new Promise<never>(() => {});
    },
  );
  try {
    return await Promise.race([start(own.signal), limit]);
  } finally {
    ended.abort();
    own.abort();
  }
}
