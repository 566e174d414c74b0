/** Numbers that look random and depend on the seed and the index alone. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** An integer from `min` to `max`, both included. */
  between(min: number, max: number): number;
  pick<T>(values: readonly [T, ...T[]]): T;
}

/** One sequence for each index: the n-th unit of work is the same whichever were asked for before it. */
export function randomAt(seed: number, index: number): Random {
  let state = mix(mix(seed) ^ (index + 0x9e3779b9));
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    return mix(state) / 2 ** 32;
  };
  const between = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  return { next, between, pick: (values) => values[between(0, values.length - 1)] ?? values[0] };
}

/** The 32-bit finaliser of MurmurHash3. */
function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
