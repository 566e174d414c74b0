/** So many rows read leave so much garbage that collecting it at once is worth the pause (about 50 ms). */
const WORTH_ROWS = 20_000;
/** Smaller reads are usual, and their garbage is the collector's daily work. */
const LARGE_READ_ROWS = 1_000;

let garbageRows = 0;

/**
 * After large reads, which are rare: gives the memory back that their answers took, before the heap has grown around it.
 * Does nothing where Node was started without --expose-gc (node-flags.ts).
 */
export function freeGarbageOf(rows: number): void {
  if (rows < LARGE_READ_ROWS) return;
  garbageRows += rows;
  if (garbageRows < WORTH_ROWS) return;
  garbageRows = 0;
  globalThis.gc?.();
}
