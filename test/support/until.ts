import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until a condition holds, and fails with `what` when it does not within `timeoutMs`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> {
  const giveUp = AbortSignal.timeout(timeoutMs);
  while (!(await condition())) {
    if (giveUp.aborted) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(5);
  }
}
