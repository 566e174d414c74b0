import { errorCodeOf, messageOf } from '@proxywatch/core/domain/errors';
import { tickAt } from '@proxywatch/core/domain/scan/schedule';
import type { Log } from '@proxywatch/core/ports/log';
import type { Dispatcher } from '../../../functions/scanner/dispatch/deps.ts';
import type { DispatchClock } from '../../../functions/scanner/dispatch/dispatch-clock.ts';

export interface Schedule {
  readonly dispatcher: Pick<Dispatcher, 'dispatch'>;
  readonly tickLengthMs: number;
  readonly clock: DispatchClock;
  readonly log: Log;
}

/**
 * Has each tick dispatched when it begins, the current one at once, until the signal aborts. A tick that takes longer than
 * itself is followed by the newest one; those in between are made up for by that.
 */
export async function runSchedule(
  { dispatcher, tickLengthMs, clock, log }: Schedule,
  signal: AbortSignal,
): Promise<void> {
  let latestMs = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    const tickMs = tickAt(clock.wallMs(), tickLengthMs);
    // A timer may end early, and the clock may go back.
    if (tickMs > latestMs) {
      latestMs = tickMs;
      await runTick(tickMs);
    }
    // No later than a tick from now, should the clock have gone back by more.
    const waitMs = Math.min(latestMs + tickLengthMs - clock.wallMs(), tickLengthMs);
    await clock.sleep(Math.max(0, waitMs), signal).catch(() => undefined);
  }

  async function runTick(tickMs: number): Promise<void> {
    try {
      const outcome = await dispatcher.dispatch(tickMs, signal);
      if (outcome.kind === 'refused') log.info('tick left alone', { tickMs, reason: outcome.reason });
    } catch (error) {
      if (signal.aborted) return;
      log.error('tick failed', { tickMs, code: errorCodeOf(error) ?? 'INTERNAL', message: messageOf(error) });
    }
  }
}
