import { type ClockReading, hasRestarted } from './restart.ts';

export interface ClockStep {
  /** The process is another one; its sessions and their ids began anew. */
  readonly hasRestarted: boolean;
  /** By so much our clock went on more than time did: what was noted by it moves along. 0 while they agree. */
  readonly shiftMs: number;
}

/** Uptime is told in whole seconds, and an answer takes its time. */
const NOISE_MS = 2_500;
/** Below it the difference from a clock that tells seconds is none. */
const SAME_MS = 2_000;

/** What happened between two readings, of which another machine of ours may have made the earlier one. */
export function clockStepOf(before: ClockReading | undefined, now: ClockReading): ClockStep {
  if (!before) return { hasRestarted: false, shiftMs: 0 };
  if (hasRestarted(before, now)) return { hasRestarted: true, shiftMs: 0 };
  const shiftMs = now.atMs - before.atMs - (now.uptimeS - before.uptimeS) * 1_000;
  return { hasRestarted: false, shiftMs: Math.abs(shiftMs) <= NOISE_MS ? 0 : shiftMs };
}

/** By how much our clock is ahead of the proxy's, milliseconds; 0 when they may be equal. */
export function aheadOfProxyMs({ atMs, proxyNowS }: ClockReading): number {
  const aheadMs = atMs - (proxyNowS * 1_000 + 500);
  return Math.abs(aheadMs) <= SAME_MS ? 0 : Math.round(aheadMs);
}
