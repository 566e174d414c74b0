/** A size of a task as Fargate sells it: CPU units (1,024 are one processor) and memory. */
export interface FargateSize {
  readonly cpu: number;
  readonly memoryMiB: number;
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#task_size */
const OFFERS = [
  { cpu: 256, from: 512, to: 1_024, step: 512 },
  { cpu: 256, from: 2_048, to: 2_048, step: 1_024 },
  { cpu: 512, from: 1_024, to: 4_096, step: 1_024 },
  { cpu: 1_024, from: 2_048, to: 8_192, step: 1_024 },
  { cpu: 2_048, from: 4_096, to: 16_384, step: 1_024 },
  { cpu: 4_096, from: 8_192, to: 30_720, step: 1_024 },
  { cpu: 8_192, from: 16_384, to: 61_440, step: 4_096 },
  { cpu: 16_384, from: 32_768, to: 122_880, step: 8_192 },
] as const;

const SIZES: readonly FargateSize[] = OFFERS.flatMap(({ cpu, from, to, step }) =>
  Array.from({ length: (to - from) / step + 1 }, (_, i) => ({ cpu, memoryMiB: from + i * step })),
);

/** What memory may be had with so many CPU units, in MiB, ascending. */
export function memoriesOf(cpu: number): readonly number[] {
  return SIZES.filter((size) => size.cpu === cpu).map(({ memoryMiB }) => memoryMiB);
}

/** The size with the fewest processors, and of these the one with the least memory, that has as much of both. */
export function smallestSize(needed: FargateSize): FargateSize | undefined {
  return SIZES.find(({ cpu, memoryMiB }) => cpu >= needed.cpu && memoryMiB >= needed.memoryMiB);
}
