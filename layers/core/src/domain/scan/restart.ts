/** A proxy's two clocks as of one moment, and ours. */
export interface ClockReading {
  /** Epoch milliseconds of the reader. */
  readonly atMs: number;
  readonly uptimeS: number;
  /** The proxy's wall clock, epoch seconds. */
  readonly proxyNowS: number;
}

/** Whole seconds of several clocks, and the time between reading them. */
const SLACK_S = 5;

/**
 * Whether the process began between two readings. Uptime that fell proves it. Uptime that rose less than our clock tells it
 * too, if the process is young enough and its wall clock bears that out: otherwise a machine was suspended, or a clock stepped.
 */
export function hasRestarted(before: ClockReading, now: ClockReading): boolean {
  const risenS = now.uptimeS - before.uptimeS;
  if (risenS < 0) return true;
  const elapsedS = (now.atMs - before.atMs) / 1000;
  return (
    risenS < elapsedS - SLACK_S &&
    now.uptimeS <= elapsedS + 1 &&
    Math.abs(now.proxyNowS - before.proxyNowS - risenS) > SLACK_S
  );
}
