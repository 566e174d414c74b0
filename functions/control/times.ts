/** How long things may take, milliseconds. */
export interface ControlTimes {
  /** A group is somebody else's when its lease was not renewed for so long. */
  readonly leaseMs: number;
  readonly connectMs: number;
  /** One call of a proxy. Shorter than the lease: who lost the lease has nothing under way any more. */
  readonly callMs: number;
  /** Until all members of a group run what one of them was given. */
  readonly settleMs: number;
  readonly pollMs: number;
  readonly healthPollMs: number;
  /** Longer pauses are slept through by nobody: the next sweep goes on. */
  readonly longestWaitMs: number;
  /** How long a rollback tries to reach a proxy. */
  readonly patienceMs: number;
  readonly preImageTtlMs: number;
  readonly planTtlMs: number;
  /** What operations did, and plans said, can be read for so long after they ended. */
  readonly historyMs: number;
  /** Times that a step is tried by processes that die over it. */
  readonly maxAttempts: number;
}

export const CONTROL_TIMES: ControlTimes = {
  leaseMs: 60_000,
  connectMs: 5_000,
  callMs: 20_000,
  settleMs: 15_000,
  pollMs: 400,
  healthPollMs: 1_000,
  longestWaitMs: 60_000,
  patienceMs: 60_000,
  preImageTtlMs: 7 * 86_400_000,
  planTtlMs: 3_600_000,
  historyMs: 400 * 86_400_000,
  maxAttempts: 5,
};
