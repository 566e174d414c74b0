import { type FargateSize, smallestSize } from './fargate-sizes.ts';

export interface AgentLoad {
  /** Of the whole fleet: an agent scrapes all of it. */
  readonly series: number;
  readonly scrapeIntervalSeconds: number;
}

export interface AgentSize extends FargateSize {
  /** For the samples that are not sent yet. */
  readonly storageGiB: number;
}

/** Of series and their labels, of the last scrape and of the queue. docs/adr/0012 has the measurement. */
const MEMORY_BASE_MIB = 256;
const MEMORY_BYTES_PER_SERIES = 4_096;
/** What one processor scrapes, writes down, signs and sends, at half its time. */
const SAMPLES_PER_SECOND_AND_CPU = 50_000;
/** In the write-ahead log, compressed. */
const BYTES_PER_SAMPLE = 10;
/** Fargate gives 20 GiB to each task, and sells more of it from 21 to 200. */
const STORAGE_GIB = { least: 21, most: 200, spare: 5 };

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
  const storageGiB = Math.max(STORAGE_GIB.least, walGiB + STORAGE_GIB.spare);
  return size === undefined || storageGiB > STORAGE_GIB.most ? undefined : { ...size, storageGiB };
}
