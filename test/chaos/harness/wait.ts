import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again until the answer is not undefined, and rejects with what `problem` says when it is not in time. */
export async function eventually<T>(
  ask: () => Promise<T | undefined> | T | undefined,
  { withinMs, pauseMs = 50, problem }: { withinMs: number; pauseMs?: number; problem: () => string },
): Promise<T> {
  const untilMs = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > untilMs) throw new Error(`not within ${withinMs} ms: ${problem()}`);
    await sleep(pauseMs);
  }
}

/** Bounds what must end by itself. */
export async function within<T>(withinMs: number, what: string, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const limit = sleep(withinMs, undefined, { signal: over.signal }).then(() => {
    throw new Error(`not within ${withinMs} ms: ${what}`);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    over.abort();
    limit.catch(() => undefined);
  }
}
