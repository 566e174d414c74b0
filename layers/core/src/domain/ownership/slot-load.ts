import type { Hash64 } from './hash64.ts';
import { rendezvousKey } from './rendezvous.ts';

export interface WeighedProxy {
  readonly id: string;
  /** A whole number, so that sums are exact and the same plan comes out of every order of additions. */
  readonly weight: number;
}

/** What a slot carries while a plan is being made. */
export interface SlotLoad {
  readonly name: string;
  readonly key: Hash64;
  readonly pinned: WeighedProxy[];
  /** Proxies that may be moved off, heaviest first. */
  readonly movable: WeighedProxy[];
  /** Weight of the pinned ones. */
  pinnedWeight: number;
  /** Weight of all. */
  weight: number;
}

export function emptySlot(name: string): SlotLoad {
  return { name, key: rendezvousKey(name), pinned: [], movable: [], pinnedWeight: 0, weight: 0 };
}

export function addPinned(slot: SlotLoad, proxy: WeighedProxy): void {
  slot.pinned.push(proxy);
  slot.pinnedWeight += proxy.weight;
  slot.weight += proxy.weight;
}

export function addMovable(slot: SlotLoad, proxy: WeighedProxy): void {
  slot.movable.splice(positionOf(proxy, slot.movable), 0, proxy);
  slot.weight += proxy.weight;
}

export function removeMovable(slot: SlotLoad, index: number): WeighedProxy | undefined {
  const [proxy] = slot.movable.splice(index, 1);
  slot.weight -= proxy?.weight ?? 0;
  return proxy;
}

/** Heaviest first; the id decides between equals, by code unit, since a locale must not change a plan. */
export function byWeight(a: WeighedProxy, b: WeighedProxy): number {
  return b.weight - a.weight || byText(a.id, b.id);
}

export function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Where the proxy belongs among others that stand in order. */
function positionOf(proxy: WeighedProxy, sorted: readonly WeighedProxy[]): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = sorted[middle];
    if (other !== undefined && byWeight(other, proxy) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
