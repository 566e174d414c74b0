/**
 * Why work on a group ends early, and nothing is wrong with the group: it is somebody else's by now (`lost`), it is told to
 * go back, the operation or all writes were stopped, its pause is long (`later`), or this process has no time left.
 */
export type Interruption = 'lost' | 'told-to-go-back' | 'stopped' | 'writes-off' | 'later' | 'out-of-time';

export class Interrupted extends Error {
  readonly why: Interruption;
  /** What people should read. */
  readonly detail: string;
  /** Nobody needs to take the group up before. */
  readonly restMs: number;

  constructor(why: Interruption, detail = '', restMs = 0) {
    super(`interrupted: ${why}`);
    this.why = why;
    this.detail = detail;
    this.restMs = restMs;
  }
}
