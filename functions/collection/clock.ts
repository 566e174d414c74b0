/** Time and chance as a worker sees them; tests bring their own. */
export interface Clock {
  /** Milliseconds of a steady clock, for differences. */
  nowMs(): number;
  /** Epoch milliseconds, for what people and Prometheus read. */
  wallMs(): number;
  /** Uniform in [0, 1). */
  random(): number;
}

export const SYSTEM_CLOCK: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  random: () => Math.random(),
};
