import { fnv1a64, type Hash64, mix64 } from './hash64.ts';

/**
 * Highest random weight: a proxy goes to the slot with the highest score, so a slot that goes away changes the place of its
 * own proxies only, and one that comes back gets the same ones again.
 *
 * Both names are hashed once with FNV-1a 64 and mixed (SplitMix64's finaliser); a pair costs one more mix of their XOR.
 */
export function rendezvousKey(name: string): Hash64 {
  return mix64(fnv1a64(name));
}

/** Score of a pair, uniform over the integers below 2^53. */
export function rendezvousScore(proxy: Hash64, slot: Hash64): number {
  const { high, low } = mix64({ high: (proxy.high ^ slot.high) >>> 0, low: (proxy.low ^ slot.low) >>> 0 });
  return high * 2 ** 21 + (low >>> 11);
}
