import { describe, expect, test } from '@jest/globals';
import { agentSize } from '../../infra/aws/agent-size.ts';
import { memoriesOf, smallestSize } from '../../infra/aws/fargate-sizes.ts';

describe('the size of an agent', () => {
  test.each([
    [150_000, 15, { cpu: 256, memoryMiB: 1_024 }],
    [1_000_000, 15, { cpu: 1_024, memoryMiB: 5_120 }],
    [1_000_000, 60, { cpu: 1_024, memoryMiB: 5_120 }],
    [7_000_000, 15, { cpu: 8_192, memoryMiB: 28_672, storageGiB: 37 }],
    [7_000_000, 60, { cpu: 4_096, memoryMiB: 27_648 }],
  ])('for %i series each %i s is what Fargate has for it', (series, scrapeIntervalSeconds, size) => {
    expect(agentSize({ series, scrapeIntervalSeconds })).toEqual(size);
  });

  test('is none where Fargate has no such task', () => {
    expect(agentSize({ series: 50_000_000, scrapeIntervalSeconds: 60 })).toBeUndefined();
  });
});

describe('sizes of Fargate', () => {
  test('have more memory with more processors', () => {
    expect(memoriesOf(256)).toEqual([512, 1_024, 2_048]);
    expect(memoriesOf(512)).toEqual([1_024, 2_048, 3_072, 4_096]);
    expect(memoriesOf(16_384).at(-1)).toBe(122_880);
    expect(memoriesOf(300)).toEqual([]);
  });

  test('take more processors where memory asks for it', () => {
    expect(smallestSize({ cpu: 256, memoryMiB: 2_049 })).toEqual({ cpu: 512, memoryMiB: 3_072 });
  });
});
