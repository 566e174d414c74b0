/** `stopped` alone waits for somebody: it goes on, goes back or is given up. The last three have ended. */
export const OPERATION_STATES = [
  'pending',
  'running',
  'rolling-back',
  'stopped',
  'succeeded',
  'failed',
  'rolled-back',
] as const;
export type OperationState = (typeof OPERATION_STATES)[number];

/**
 * `failed`: refused before anything was written. `rolled-back`: as before. `rollback-failed`: not wholly as before, nor as
 * wanted; its proxies stay locked until somebody decides.
 */
export const GROUP_STATES = [
  'waiting',
  'running',
  'done',
  'failed',
  'rolling-back',
  'rolled-back',
  'rollback-failed',
  'skipped',
] as const;
export type GroupState = (typeof GROUP_STATES)[number];

/** In this order; a group's step is the last one that is done. */
export const STEPS = ['none', 'guard', 'pre-image', 'write', 'load', 'read-back', 'health', 'pause', 'save'] as const;
export type Step = (typeof STEPS)[number];

export function isAfter(step: Step, other: Step): boolean {
  return STEPS.indexOf(step) > STEPS.indexOf(other);
}

/** The step that comes after; the last one is followed by itself. */
export function stepAfter(step: Step): Step {
  return STEPS[STEPS.indexOf(step) + 1] ?? step;
}

/** A failed group always goes back to its pre-image; this is about the others. */
export const ON_ERROR = ['stop', 'rollback', 'continue'] as const;
export type OnError = (typeof ON_ERROR)[number];

export interface Strategy {
  readonly canary: {
    /** Groups that go first; the others wait until these have passed their pause. 0: none. */
    readonly groups: number;
    /** Between health and SAVE of a canary. */
    readonly pauseMs: number;
  };
  /** Groups at once. */
  readonly parallelism: number;
  readonly onError: OnError;
  readonly health: {
    readonly windowMs: number;
    readonly accessDenied: number;
    readonly backendConnectionsFailed: number;
    readonly backendErrors: number;
    readonly timesBefore: number;
  };
  /** An operation of more proxies is refused. */
  readonly maxProxies: number;
}

export interface OperationOutline {
  readonly state: OperationState;
  readonly strategy: Strategy;
  readonly groups: readonly GroupOutline[];
}

export interface GroupOutline {
  readonly id: string;
  readonly position: number;
  readonly members: readonly string[];
  readonly state: GroupState;
  readonly step: Step;
  readonly problem: string | undefined;
}
