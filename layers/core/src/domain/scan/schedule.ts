import { fnv1a64, mix64 } from '../ownership/hash64.ts';
import type { CollectorName } from './collectors.ts';

/** The time that a tick answers for: after the tick that was completed before it, up to and with the tick itself. */
export interface TickSpan {
  readonly sinceMs: number;
  readonly tickMs: number;
}

/** The newest tick that has begun. Ticks stand at multiples of their distance, so that all dispatchers name them alike. */
export function tickAt(nowMs: number, tickLengthMs: number): number {
  return Math.floor(nowMs / tickLengthMs) * tickLengthMs;
}

/**
 * Whether a collector of a proxy is due. Its intervals follow each other without a gap, and it is due at the first tick of
 * each: once per interval, whatever ticks are missed. Where each proxy's intervals begin is a matter of its name, so that
 * those that are longer than a tick are spread over the ticks.
 */
export function isDue(span: TickSpan, intervalMs: number, proxyId: string, collector: CollectorName): boolean {
  // No interval is longer than the span: a new one has begun wherever it begins.
  if (span.tickMs - span.sinceMs >= intervalMs) return true;
  return isBoundaryIn(span, intervalMs, phaseOf(proxyId, collector, intervalMs));
}

/** Whether an interval begins within a span; intervals begin at `phaseMs` and every `intervalMs` from there. */
export function isBoundaryIn({ sinceMs, tickMs }: TickSpan, intervalMs: number, phaseMs: number): boolean {
  return Math.floor((tickMs - phaseMs) / intervalMs) !== Math.floor((sinceMs - phaseMs) / intervalMs);
}

/** From 0 to below `intervalMs`; the same for the same proxy and collector, and even over many of them. */
export function phaseOf(proxyId: string, collector: CollectorName, intervalMs: number): number {
  const { high } = mix64(fnv1a64(JSON.stringify([proxyId, collector])));
  return Math.floor((high / 2 ** 32) * intervalMs);
}
