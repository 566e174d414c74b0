import type { SlotLoad, WeighedProxy } from './slot-load.ts';

/** A slot sheds when it carries more than this many times the mean, and only down to there. */
export const CAP_OVER_MEAN = 1.1;
/** New proxies fill a slot only so far: one filled to the cap would shed as soon as any of its proxies grew. */
export const FILL_OVER_MEAN = 1.05;

/**
 * Mean weight of the slots that can be balanced. A proxy, or the pinned proxies of a slot, that alone outweigh the mean take
 * a slot for themselves and are left out, and their slot with them: otherwise one giant would lift the cap so far that the
 * other slots need not share evenly. Never above the plain mean; always at least one slot stays, since fewer than n things
 * can each outweigh the mean of n slots.
 *
 * @param slots those that are to share, at least one, with what they hold now
 * @param homeless proxies to be placed on them
 */
export function meanLoad(slots: readonly SlotLoad[], homeless: readonly WeighedProxy[]): number {
  const movable = [...slots.flatMap((slot) => slot.movable), ...homeless].map(({ weight }) => weight);
  const indivisible = [...movable, ...slots.map(({ pinnedWeight }) => pinnedWeight)].sort((a, b) => b - a);
  let left = indivisible.reduce((sum, weight) => sum + weight, 0);
  let count = slots.length;
  for (const weight of indivisible) {
    if (weight <= left / count) break;
    left -= weight;
    count--;
  }
  return left / count;
}
