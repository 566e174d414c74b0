/** One row of bench-results/summary.json. */
export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The same quantity of what we compare with, measured in the same run. */
  readonly baseline: number;
  /** How many times better than the baseline. */
  readonly ratio: number;
}

/** A row of which less is better, as of all of ours. */
export function compare(name: string, value: number, baseline: number, unit: string): BenchResult {
  return { name, value: rounded(value), unit, baseline: rounded(baseline), ratio: rounded(baseline / value) };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] ?? Number.NaN;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
