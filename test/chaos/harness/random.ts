/** Chance that can be repeated: the same seed and name give the same numbers. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Whole number, both ends included. */
  between(min: number, max: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** So many different ones of a list, or all of it, in an order of chance. */
  sample<T>(list: readonly T[], count: number): T[];
  /** Another source, which draws from this one do not disturb. */
  fork(name: string): Random;
}

export function createRandom(seed: number, name = ''): Random {
  let state = hashOf(`${seed} ${name}`);
  // mulberry32
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  const random: Random = {
    next,
    between,
    chance: (probability) => next() < probability,
    pick(list) {
      const [picked] = random.sample(list, 1);
      if (picked === undefined) throw new RangeError('nothing to pick from');
      return picked;
    },
    sample(list, count) {
      const rest = [...list];
      const taken = Math.min(count, rest.length);
      return Array.from({ length: taken }, () => rest.splice(between(0, rest.length - 1), 1)).flat();
    },
    fork: (other) => createRandom(seed, `${name}/${other}`),
  };
  return random;
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
