import { z } from 'zod';
import { agentSize } from './agent-size.ts';
import { count } from './config-fields.ts';
import { memoriesOf } from './fargate-sizes.ts';

/** Gateways, and the Prometheus agents that scrape them. */
export const gateway = z
  .strictObject({
    tasks: z.strictObject({ min: count(1, 64).default(2), max: count(1, 64).default(8) }).prefault({}),
    cpu: z.literal([256, 512, 1_024, 2_048, 4_096]).default(512),
    memoryMiB: count(512, 30_720).default(1_024),
    /** Of it, for the histories of proxies; the process needs 300 MiB beside them. */
    historyMemoryMiB: count(16, 30_000).default(512),
    digestTopN: count(1, 1_000_000).default(100),
    /** Series in one gateway that another one is started above. */
    seriesPerTask: count(1_000, 10_000_000).default(250_000),
    scrapeIntervalSeconds: count(5, 300).default(15),
    /** Two agents send everything to the workspace; each scrapes the whole fleet. */
    prometheus: z
      .strictObject({
        /** Series of the whole fleet that an agent has memory, processors and storage for. */
        series: count(1_000, 50_000_000).default(150_000),
      })
      .prefault({}),
  })
  .refine(({ tasks }) => tasks.min <= tasks.max, { path: ['tasks', 'min'], error: 'more than tasks.max' })
  .refine(({ historyMemoryMiB, memoryMiB }) => historyMemoryMiB + 300 <= memoryMiB, {
    path: ['historyMemoryMiB'],
    error: 'leave 300 MiB of memoryMiB to the process',
  })
  .refine(({ cpu, memoryMiB }) => memoriesOf(cpu).includes(memoryMiB), {
    path: ['memoryMiB'],
    error: ({ input }) => `Fargate has no such task: ${offersOf(input)}`,
  })
  .refine(({ prometheus: { series }, scrapeIntervalSeconds }) => agentSize({ series, scrapeIntervalSeconds }), {
    path: ['prometheus', 'series'],
    error:
      'more than one task of Fargate takes: scrape less often (scrapeIntervalSeconds), name fewer digests (digestTopN), or make two stages',
  });

function offersOf(input: unknown): string {
  const { cpu } = input as { readonly cpu: number };
  return `with cpu ${cpu} it is one of ${memoriesOf(cpu).join(', ')}`;
}
