import { FILL_OVER_MEAN, meanLoad } from './mean-load.ts';
import type { Assignment, Move, MoveReason, Plan, PlanInput, Slot } from './membership.ts';
import { rendezvousKey, rendezvousScore } from './rendezvous.ts';
import { shedOverload } from './shed.ts';
import { addMovable, addPinned, byText, byWeight, emptySlot, type SlotLoad, type WeighedProxy } from './slot-load.ts';

/**
 * Says which slot each proxy of `weights` belongs to. Owners are kept; proxies without one are placed by rendezvous among the
 * slots that are not full; slots above the cap shed (see shedOverload for the exact bound). Pins are obeyed before all
 * else, and drained slots get nothing. A slot that nobody scrapes, or that waits for a successor, keeps what it has and takes
 * no part in the sharing while there are others. While members are being replaced nobody sheds.
 *
 * Pure: the same input in any order gives the same plan, and planning again on the result moves nothing. Without an undrained
 * slot the assignment is empty. Weights are rounded to whole numbers, at least 1. Moves stand in the order of proxy ids.
 */
export function plan(input: PlanInput): Plan {
  const usable = input.slots.filter((slot) => !slot.isDrained).sort((a, b) => byText(a.name, b.name));
  const slots = new Map(usable.map(({ name }) => [name, emptySlot(name)]));
  if (slots.size === 0) return { assignment: new Map(), moves: [] };
  const homeless = seatOwned(input, slots);
  const sharing = sharingSlots(usable).flatMap(({ name }) => slots.get(name) ?? []);
  const mean = meanLoad(sharing, homeless);
  // Heaviest first: what is hard to place finds room, and small ones fill what is left.
  for (const proxy of homeless.sort(byWeight)) placeByRendezvous(proxy, sharing, FILL_OVER_MEAN * mean);
  if (!input.isInTransition) shedOverload(sharing, mean);
  const assignment = assignmentOf(slots);
  return { assignment, moves: movesOf(input, assignment) };
}

/** Puts pinned and owned proxies where they belong, and returns the others. */
function seatOwned({ previous, weights, pins }: PlanInput, slots: ReadonlyMap<string, SlotLoad>): WeighedProxy[] {
  const at = (name: string | undefined) => (name === undefined ? undefined : slots.get(name));
  const homeless: WeighedProxy[] = [];
  for (const [id, weight] of weights) {
    const proxy = { id, weight: weight > 1 ? Math.round(weight) : 1 };
    const pinnedTo = at(pins.get(id));
    const owner = at(previous.get(id));
    if (pinnedTo !== undefined) addPinned(pinnedTo, proxy);
    else if (owner !== undefined) addMovable(owner, proxy);
    else homeless.push(proxy);
  }
  return homeless;
}

/** The slots that share: those that serve scrapes; or else those with a member, so that timers collect; or else all. */
function sharingSlots(slots: readonly Slot[]): readonly Slot[] {
  const manned = slots.filter(({ memberId }) => memberId !== undefined);
  const scraped = manned.filter(({ isScraped }) => isScraped);
  return [scraped, manned].find(({ length }) => length > 0) ?? slots;
}

/** The slot with the highest score that the proxy does not overfill; or else the lightest, and shedding does the rest. */
function placeByRendezvous(proxy: WeighedProxy, slots: readonly SlotLoad[], limit: number): void {
  const key = rendezvousKey(proxy.id);
  let place: SlotLoad | undefined;
  let highest = -1;
  for (const slot of slots) {
    const score = slot.weight + proxy.weight <= limit ? rendezvousScore(key, slot.key) : -1;
    if (score > highest) [place, highest] = [slot, score];
  }
  addMovable(place ?? slots.reduce((a, b) => (b.weight < a.weight ? b : a)), proxy);
}

function assignmentOf(slots: ReadonlyMap<string, SlotLoad>): Assignment {
  const owners = [...slots.values()].flatMap(({ name, pinned, movable }) =>
    [...pinned, ...movable].map(({ id }): [string, string] => [id, name]),
  );
  return new Map(owners.sort(([a], [b]) => byText(a, b)));
}

function movesOf({ previous, slots, pins }: PlanInput, assignment: Assignment): Move[] {
  const isDrained = new Map(slots.map((slot) => [slot.name, slot.isDrained]));
  const reasonOf = (proxyId: string, from: string | undefined, to: string): MoveReason => {
    if (from === undefined) return 'new';
    if (!isDrained.has(from)) return 'orphan';
    if (isDrained.get(from)) return 'drain';
    return pins.get(proxyId) === to ? 'pin' : 'overload';
  };
  const moves: Move[] = [];
  for (const [proxyId, to] of assignment) {
    const from = previous.get(proxyId);
    if (from !== to) moves.push({ proxyId, from, to, reason: reasonOf(proxyId, from, to) });
  }
  return moves;
}
