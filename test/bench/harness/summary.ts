import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { BenchResult } from './result.ts';

const summary = z.array(
  z.object({ name: z.string(), value: z.number(), unit: z.string(), baseline: z.number(), ratio: z.number() }),
);

/**
 * Puts results into a summary file, in place of older ones of the same names; all others stay, so that a run of one
 * benchmark, or an interrupted one, loses nothing. `order` is that of the names in the file; names that it lacks are of
 * benchmarks that are gone, and go too.
 */
export function mergeIntoSummary(path: string, results: readonly BenchResult[], order: readonly string[]): void {
  const byName = new Map([...readSummary(path), ...results].map((result) => [result.name, result]));
  const merged = order.flatMap((name) => byName.get(name) ?? []);
  mkdirSync(dirname(path), { recursive: true });
  // A reader never sees half a file.
  writeFileSync(`${path}.new`, `${JSON.stringify(merged, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}

/** What the file holds; nothing when it is absent or damaged, since the next runs bring it back. */
export function readSummary(path: string): readonly BenchResult[] {
  try {
    return summary.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return [];
  }
}
