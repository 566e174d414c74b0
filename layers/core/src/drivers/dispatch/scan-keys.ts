/** Keys of the scanner as a whole; what concerns one proxy stands beside that proxy's other keys. */
export const TICKS_KEY = '{pw:scan}:ticks';
export const FAILURES_KEY = '{pw:scan}:failures';
export const PAUSED_KEY = '{pw:scan}:paused';
export const REQUESTED_KEY = '{pw:scan}:requested';
export const LAST_RUN_KEY = '{pw:scan}:last-run';
