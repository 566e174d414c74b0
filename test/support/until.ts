import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

/** Waits until a condition holds, and fails with `what` when it does not within `timeoutMs`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const giveUp = AbortSignal.timeout(timeoutMs);
  // Longer and longer pauses: whoever asks a server all the time takes the processor from what he waits for.
  for (let pauseMs = FIRST_PAUSE_MS; !(await condition()); pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    if (giveUp.aborted) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(pauseMs);
  }
}
