import { CAP_OVER_MEAN } from './mean-load.ts';
import { addMovable, byText, removeMovable, type SlotLoad, type WeighedProxy } from './slot-load.ts';

/**
 * Moves proxies off slots above the cap, heaviest slot first, always to the lightest slot, until no permitted move is left.
 * Permitted is what brings the target at most to the cap; and, for a slot where nothing fits elsewhere, moving its lightest
 * proxy while it carries more than the mean and that proxy.
 *
 * So afterwards each slot carries at most the larger of the cap, its pinned proxies, and mean + w, where w is the lightest
 * proxy that may leave it; and a slot above the cap has only such proxies as weigh more than the distance from the lightest
 * slot to the cap, hence more than a tenth of the mean. (The lightest slot never exceeds the mean, see meanLoad.) Each move
 * lowers the larger of two loads, so it ends, and it would find nothing to do on its own result.
 */
export function shedOverload(slots: readonly SlotLoad[], mean: number): void {
  const cap = CAP_OVER_MEAN * mean;
  const order = [...slots];
  for (let moved = true; moved; ) {
    order.sort((a, b) => b.weight - a.weight || byText(a.name, b.name));
    const lightest = order.at(-1);
    moved = lightest !== undefined && order.some((slot) => slot.weight > cap && shedOne(slot, lightest, mean, cap));
  }
}

function shedOne(from: SlotLoad, to: SlotLoad, mean: number, cap: number): boolean {
  const room = cap - to.weight;
  const fitting = from.movable.findIndex(({ weight }) => weight <= room);
  const index =
    fitting >= 0 ? firstToShed(from.movable, fitting, from.weight - cap) : lastResort(from.movable, from.weight - mean);
  if (index === undefined) return false;
  const proxy = removeMovable(from, index);
  if (proxy !== undefined) addMovable(to, proxy);
  return proxy !== undefined;
}

/**
 * Which proxy to shed first of a light set that covers the excess. The set is the best that the greedy walk meets: take
 * proxies from the heaviest down as long as they do not cover the excess; each that would cover it closes one set. It is
 * at most twice as heavy as the lightest set, in practice heavier than the excess by less than the lightest proxy.
 *
 * @param proxies heaviest first
 * @param start index of the first one that may be taken
 */
export function firstToShed(proxies: readonly WeighedProxy[], start: number, excess: number): number {
  let first: number | undefined;
  let taken = 0;
  let best = { weight: Number.POSITIVE_INFINITY, first: start };
  for (let index = start; index < proxies.length; index++) {
    const weight = taken + (proxies[index]?.weight ?? 0);
    if (weight < excess) {
      // All sets from here on begin with this proxy, and without a set yet there is nothing to compare with.
      if (first === undefined && best.weight === Number.POSITIVE_INFINITY) return index;
      first ??= index;
      taken = weight;
    } else if (weight < best.weight) {
      best = { weight, first: first ?? index };
    }
  }
  return best.first;
}

/** The lightest proxy, when even without it the slot carries more than the mean. */
function lastResort(proxies: readonly WeighedProxy[], aboveMean: number): number | undefined {
  const lightest = proxies.at(-1);
  return lightest !== undefined && aboveMean > lightest.weight ? proxies.length - 1 : undefined;
}
