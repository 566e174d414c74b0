import { describe, expect, test } from '@jest/globals';
import { ThreadClock } from '../../../../../../../infra/local/lab/traffic-port/session/thread-clock.ts';
import { fakeLabClock } from '../../../../../../support/fake-lab-clock.ts';

describe('the clock of a worker thread', () => {
  test('stands still while the thread is quiet, and jumps every two seconds', () => {
    const clock = fakeLabClock({ monotonicUs: 0 });
    const thread = new ThreadClock(0, clock);
    const seen = [0, 1_999, 2_000, 3_999, 5_000].map((atMs) => {
      clock.advance(atMs - clock.monotonicUs() / 1000);
      return thread.nowUs() / 1000;
    });
    expect(seen).toEqual([0, 0, 2_000, 2_000, 4_000]);
  });

  test('is exact after traffic', () => {
    const clock = fakeLabClock({ monotonicUs: 0 });
    const thread = new ThreadClock(0, clock);
    clock.advance(1_234);
    thread.wake();
    expect(thread.nowUs()).toBe(1_234_000);
  });
});
