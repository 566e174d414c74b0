import { performance } from 'node:perf_hooks';

/** The two clocks of a proxy. Ages are counted on the monotonic one; the wall clock may step at any time. */
export interface LabClock {
  wallMs(): number;
  /** Microseconds that never go back. Counted from the machine's start, so that a garbage age looks as garbage as recorded. */
  monotonicUs(): number;
}

const ORIGIN_US = Number(process.hrtime.bigint() / 1000n) - performance.now() * 1000;

export const systemClock: LabClock = {
  wallMs: () => Date.now(),
  monotonicUs: () => Math.floor(ORIGIN_US + performance.now() * 1000),
};

/**
 * Turns a monotonic time into epoch seconds as of now, with the proxy's own integer arithmetic: whole seconds of two
 * clocks whose fractions differ, hence ±1 s on rows that nobody touched, and a wall-clock step moves all rows together.
 */
export function epochSecondsAt(clock: LabClock): (monotonicUs: number) => number {
  const shift = Math.floor(clock.wallMs() / 1000) - Math.floor(clock.monotonicUs() / 1e6);
  return (monotonicUs) => shift + Math.floor(monotonicUs / 1e6);
}
