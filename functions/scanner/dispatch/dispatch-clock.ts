import { setTimeout as delay } from 'node:timers/promises';

/** Time and chance as dispatch sees them; tests bring their own. */
export interface DispatchClock {
  /** Milliseconds of a steady clock, for differences. */
  nowMs(): number;
  /** Epoch milliseconds. */
  wallMs(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** Rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const SYSTEM_DISPATCH_CLOCK: DispatchClock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  random: () => Math.random(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  },
};

/** A signal that aborts after `ms`, or together with `parent`; `clear` when it is not needed any more. */
export function limitOf(clock: DispatchClock, ms: number, parent?: AbortSignal) {
  const limit = new AbortController();
  const cleared = new AbortController();
  clock.sleep(Math.max(0, ms), cleared.signal).then(
    () => limit.abort(),
    () => undefined,
  );
  const signal = parent === undefined ? limit.signal : AbortSignal.any([limit.signal, parent]);
  return { signal, clear: () => cleared.abort() };
}
