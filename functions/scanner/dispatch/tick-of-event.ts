import { tickAt } from '@proxywatch/core/domain/scan/schedule';
import { z } from 'zod';

/** `scheduledTime` is put there by our schedule's input, `time` by rules of EventBridge. */
const scheduled = z.looseObject({ scheduledTime: z.string().optional(), time: z.string().optional() });

/**
 * The tick that an event stands for. An event that comes late stands for the newest tick: that one makes up for those
 * before it. Where our clock is behind, the time that the event names counts, unless it is further ahead than a tick.
 */
export function tickOfEvent(event: unknown, nowMs: number, tickLengthMs: number): number {
  const { scheduledTime, time } = scheduled.safeParse(event).data ?? {};
  const namedMs = Date.parse(scheduledTime ?? time ?? '');
  const isNear = namedMs <= nowMs + tickLengthMs;
  return tickAt(isNear ? Math.max(namedMs, nowMs) : nowMs, tickLengthMs);
}
