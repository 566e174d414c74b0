import { STATS_LEVELS, type StatsLevel, type StatsSpan, type StatsStock, UNIT_MS } from './stats-plan.ts';

/** Lengths of the pieces of a timeline; each begins at a multiple of its length, UTC. */
export const BUCKETS = {
  '1m': 60_000,
  '5m': 300_000,
  '15m': 900_000,
  '30m': 1_800_000,
  '1h': UNIT_MS.hour,
  '6h': 6 * UNIT_MS.hour,
  '1d': UNIT_MS.day,
} as const;
export type Bucket = keyof typeof BUCKETS;
export const BUCKET_NAMES = Object.keys(BUCKETS) as [Bucket, ...Bucket[]];

export const MAX_BUCKETS = 500;
const WANTED_BUCKETS = 120;

export interface TimelineShape {
  readonly bucket: Bucket;
  /** The coarsest level whose rows lie within buckets. */
  readonly coarsest: StatsLevel;
}

/**
 * The bucket that was asked for, or the smallest with which a span has no more than 120 of them; and larger where the span
 * reaches back to what is kept by hour or day only.
 */
export function timelineShape(span: StatsSpan, stock: StatsStock, asked?: Bucket): TimelineShape {
  const wanted = asked ?? BUCKET_NAMES.find((name) => bucketCount(span, name) <= WANTED_BUCKETS) ?? '1d';
  const kept = STATS_LEVELS.find((level) => span.fromMs >= stock.floors[level]) ?? 'day';
  const least = kept === 'interval' ? 0 : UNIT_MS[kept];
  const bucket = BUCKET_NAMES.find((name) => BUCKETS[name] >= Math.max(BUCKETS[wanted], least)) ?? '1d';
  const coarsest = STATS_LEVELS.findLast((level) => level === 'interval' || UNIT_MS[level] <= BUCKETS[bucket]);
  return { bucket, coarsest: coarsest ?? 'interval' };
}

export function bucketCount({ fromMs, toMs }: StatsSpan, bucket: Bucket): number {
  const ms = BUCKETS[bucket];
  return Math.ceil(toMs / ms) - Math.floor(fromMs / ms);
}

/** Ends of all buckets of a span, in order. */
export function bucketEnds({ fromMs, toMs }: StatsSpan, bucket: Bucket): number[] {
  const ms = BUCKETS[bucket];
  const first = (Math.floor(fromMs / ms) + 1) * ms;
  return Array.from({ length: bucketCount({ fromMs, toMs }, bucket) }, (_, i) => first + i * ms);
}
