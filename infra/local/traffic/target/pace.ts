/** How far behind the plan may fall before it is given up: a proxy that was away is not flooded when it is back. */
const MAX_BEHIND_MS = 500;

/** Spreads statements evenly over time. */
export interface Pace {
  /** Milliseconds to wait before the next `statements` may start; they are then taken as done. */
  take(statements: number, perSecond: number): number;
}

export function createPace(nowMs: () => number): Pace {
  let dueMs = nowMs();
  return {
    take(statements, perSecond) {
      const now = nowMs();
      const startMs = Math.max(dueMs, now - MAX_BEHIND_MS);
      dueMs = startMs + (statements * 1_000) / perSecond;
      return Math.max(0, startMs - now);
    },
  };
}
