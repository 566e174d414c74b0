import { type FargateSize, smallestSize } from './fargate-sizes.ts';

export interface AgentLoad {
  /** Of the whole fleet: an agent scrapes all of it. */
  readonly series: number;
  readonly scrapeIntervalSeconds: number;
}

export interface AgentSize extends FargateSize {
  /** For the samples that are not sent yet. @default - the 20 GiB that each task has */
  readonly storageGiB?: number;
}

/** Of series and their labels, of the last scrape and of the queue: docs/adr/0012 has what was measured. */
const MEMORY_BASE_MIB = 256;
const MEMORY_BYTES_PER_SERIES = 4_096;
/** What one processor scrapes, writes down, signs and sends, at half its time. */
const SAMPLES_PER_SECOND_AND_CPU = 100_000;
/** In the write-ahead log, compressed. */
const BYTES_PER_SAMPLE = 10;
/** Fargate sells more than the 20 GiB of each task, up to 200. */
const STORAGE_GIB = { free: 20, most: 200, spare: 5 };

/** How long samples are kept for a workspace that does not take them, and how often older ones are thrown away. */
export const WAL_KEPT_SECONDS = 3_600;
export const WAL_TRUNCATED_SECONDS = 1_800;

/** What an agent needs for so many series; undefined where Fargate sells no such task. */
export function agentSize({ series, scrapeIntervalSeconds }: AgentLoad): AgentSize | undefined {
  const samplesPerSecond = series / scrapeIntervalSeconds;
  const size = smallestSize({
    cpu: Math.ceil((1_024 * samplesPerSecond) / SAMPLES_PER_SECOND_AND_CPU),
    memoryMiB: MEMORY_BASE_MIB + Math.ceil((series * MEMORY_BYTES_PER_SERIES) / 2 ** 20),
  });
  const walSeconds = WAL_KEPT_SECONDS + 2 * WAL_TRUNCATED_SECONDS;
  const walGiB = Math.ceil((samplesPerSecond * BYTES_PER_SAMPLE * walSeconds) / 2 ** 30);
  const storageGiB = walGiB + STORAGE_GIB.spare;
  if (size === undefined || storageGiB > STORAGE_GIB.most) return undefined;
  return storageGiB > STORAGE_GIB.free ? { ...size, storageGiB } : size;
}
