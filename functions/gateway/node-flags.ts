/**
 * How Node runs a gateway. A collection makes some garbage and keeps little, so by default the heap grows to several times
 * what lives in it, and stays there: a small nursery and slow growth take a quarter of the resident memory per series for
 * no CPU that could be measured (docs/benchmarks.md, peer-mysqld-exporter-memory).
 */
export const GATEWAY_NODE_FLAGS = ['--max-semi-space-size=2', '--heap-growing-percent=20', '--expose-gc'] as const;

/**
 * glibc gives each thread a heap of its own and returns little of them; compression runs on several threads. What a socket
 * brings comes in blocks of 64 KiB: from a mapping of their own they go back at once, from a heap those of a large answer
 * stay (100 MB after tables of 50,000 digests).
 */
export const GATEWAY_ENVIRONMENT = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '131072',
  MALLOC_MMAP_THRESHOLD_: '32768',
} as const;
