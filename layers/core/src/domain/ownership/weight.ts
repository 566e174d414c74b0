/** Steps per doubling: neighbouring weights differ by 6 to 13 %. */
const STEPS_PER_DOUBLING = 8;
/** Share of the way towards an observation that one call goes. */
const PACE = 1 / 4;

/**
 * Weight of a proxy for the planner, from its last weight and the number of series it has now. Weights are whole numbers on a
 * grid of eight steps per doubling. An observation at most one step away changes nothing, so that noise moves no proxy; one
 * further away is approached by a quarter of the steps between, so that a single odd observation does little.
 *
 * @param previous the last result; undefined at the first observation, which then counts as it is
 * @param observed series, at least 0; what is no such number leaves the weight as it was
 */
export function smoothWeight(previous: number | undefined, observed: number): number {
  if (!(observed >= 0 && observed <= Number.MAX_SAFE_INTEGER)) return previous ?? 1;
  const target = stepOf(observed);
  if (previous === undefined) return weightAt(target);
  const current = stepOf(previous);
  const distance = target - current;
  if (Math.abs(distance) <= 1) return weightAt(current);
  return weightAt(current + Math.sign(distance) * Math.ceil(Math.abs(distance) * PACE));
}

/** Number of the nearest weight: 1 to 16 are themselves, then come 18, 20 … 32, 36 … 64, 72 and so on. */
function stepOf(value: number): number {
  const whole = Math.max(1, Math.round(value));
  const doublings = Math.max(0, Math.floor(Math.log2(whole)) - 3);
  return doublings * STEPS_PER_DOUBLING + Math.round(whole / 2 ** doublings);
}

function weightAt(step: number): number {
  const doublings = Math.max(0, Math.floor(step / STEPS_PER_DOUBLING) - 1);
  return (step - doublings * STEPS_PER_DOUBLING) * 2 ** doublings;
}
