import { fnv1a64, mix64 } from '../ownership/hash64.ts';

/**
 * Names an event by what it is: the same kind and parts always give the same id, 32 hex digits, wherever and however often
 * it is read. Parts are encoded, so that no two lists of them look alike; 1 and '1' are different parts.
 */
export function eventIdOf(kind: string, ...parts: readonly (string | number)[]): string {
  const text = JSON.stringify([kind, ...parts]);
  return HALVES.map((half) => hex64Of(half + text)).join('');
}

/** Two hashes of the same text, each begun differently: together 128 bits. */
const HALVES = ['a', 'b'] as const;

function hex64Of(text: string): string {
  const { high, low } = mix64(fnv1a64(text));
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}
