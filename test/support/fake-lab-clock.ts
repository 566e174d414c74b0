import type { LabClock } from '../../infra/local/lab/stats/clock.ts';

export interface FakeLabClock extends LabClock {
  /** Time passes, on both clocks. */
  advance(ms: number): void;
  /** Somebody sets the wall clock; nothing happens to the monotonic one. */
  stepWall(ms: number): void;
}

export function fakeLabClock({ wallMs = 1_795_340_887_250, monotonicUs = 5_000_600_000 } = {}): FakeLabClock {
  return {
    wallMs: () => wallMs,
    monotonicUs: () => monotonicUs,
    advance(ms) {
      wallMs += ms;
      monotonicUs += ms * 1000;
    },
    stepWall(ms) {
      wallMs += ms;
    },
  };
}
