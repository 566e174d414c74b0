/**
 * The size to which the largest have to shrink so that all together are no more than `budget`; the others stay as they
 * are. Infinity when nobody has to.
 */
export function spillLevelOf(sizes: readonly number[], budget: number): number {
  const descending = sizes.toSorted((a, b) => b - a);
  let rest = descending.reduce((sum, size) => sum + size, 0);
  if (rest <= budget) return Number.POSITIVE_INFINITY;
  for (const [i, size] of descending.entries()) {
    rest -= size;
    const level = (budget - rest) / (i + 1);
    if (level >= (descending[i + 1] ?? 0)) return Math.max(0, level);
  }
  return 0;
}
