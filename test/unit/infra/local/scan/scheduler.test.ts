import { describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Dispatched } from '../../../../../functions/scanner/dispatch/dispatch.ts';
import { runSchedule } from '../../../../../infra/local/scan/scheduler.ts';
import { FakeDispatchClock } from '../../../../support/fake-dispatch-clock.ts';

const TICK_MS = 15_000;
const REFUSED: Dispatched = { kind: 'refused', reason: 'tick 0 was dispatched already' };

function start(
  dispatch: (tickMs: number, clock: FakeDispatchClock, signal: AbortSignal) => Promise<Dispatched>,
  startMs = 4_000,
) {
  const clock = new FakeDispatchClock(startMs);
  const stop = new AbortController();
  const ticks: number[] = [];
  const logged: string[] = [];
  const write = (event: string) => void logged.push(event);
  const dispatcher = {
    dispatch(tickMs: number, signal: AbortSignal) {
      ticks.push(tickMs);
      return dispatch(tickMs, clock, signal);
    },
  };
  const log = { info: write, warn: write, error: write };
  const ended = runSchedule({ dispatcher, tickLengthMs: TICK_MS, clock, log }, stop.signal);
  return { clock, stop, ticks, logged, ended };
}

describe('the schedule', () => {
  test('has the current tick at once and each other when it begins', async () => {
    const { clock, stop, ticks, ended } = start(async () => REFUSED);
    await clock.pass(10_999);
    expect(ticks).toEqual([0]);
    await clock.pass(1);
    expect(ticks).toEqual([0, 15_000]);
    await clock.pass(2 * TICK_MS);
    expect(ticks).toEqual([0, 15_000, 30_000, 45_000]);
    stop.abort();
    await ended;
    expect(clock.sleeping).toBe(0);
  });

  test('goes on with the newest tick after one that took long', async () => {
    const { clock, stop, ticks, ended } = start(async (tickMs, clock, signal) => {
      if (tickMs === 0) await clock.sleep(40_000, signal);
      return REFUSED;
    });
    await clock.pass(60_000);
    expect(ticks).toEqual([0, 30_000, 45_000, 60_000]);
    stop.abort();
    await ended;
  });

  test('goes on after a tick that failed, and tells it', async () => {
    const { clock, stop, ticks, logged, ended } = start(() =>
      Promise.reject(new ProxywatchError('STORE_UNAVAILABLE', 'redis is away')),
    );
    await clock.pass(TICK_MS);
    expect(ticks).toEqual([0, 15_000]);
    expect(logged).toEqual(['tick failed', 'tick failed']);
    stop.abort();
    await ended;
  });

  test('ends in the middle of a tick, without a word about it', async () => {
    const { clock, stop, logged, ended } = start(async (_, clock, signal) => {
      await clock.sleep(10_000, signal);
      return REFUSED;
    });
    await clock.pass(1);
    stop.abort(new Error('enough'));
    await ended;
    expect(logged).toEqual([]);
  });
});
