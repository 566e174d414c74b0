/** A read of so many rows leaves so much garbage that collecting it at once is worth the pause (about 50 ms). */
const LARGE_READ_ROWS = 5_000;

/**
 * After a large read, which is rare: gives the memory back that its answer took, before the heap has grown around it. Does
 * nothing where Node was started without --expose-gc (node-flags.ts).
 */
export function freeGarbageOf(rows: number): void {
  if (rows >= LARGE_READ_ROWS) globalThis.gc?.();
}
