import { STATS_LEVELS, type StatsSpan } from '@proxywatch/core/domain/monitoring/stats-plan';
import type { Count, StatsCoverage, StatsSums } from '@proxywatch/core/domain/monitoring/top-sql';
import { z } from 'zod';
import { instant } from '#api/fields';
import { iso } from './time-range.ts';

/** What answers of statistics are made of. */
export function count() {
  return z
    .union([z.int().min(0), z.string().regex(/^\d{16,40}$/)])
    .meta({ description: 'a whole number; beyond 2^53 as a string' });
}

const sums = {
  executions: count(),
  timeUs: count().meta({ description: 'time that these took in all, microseconds' }),
  rowsSent: count(),
  rowsAffected: count(),
};

const level = z.enum(STATS_LEVELS);

export const sumsAnswer = z.strictObject({
  ...sums,
  meanTimeUs: z.number().nullable().meta({ description: 'null: nothing ran' }),
  errors: count()
    .nullable()
    .meta({ description: 'null where digests are asked about: proxies count errors without them' }),
});

export const spanAnswer = {
  from: instant().meta({ description: 'begin of what the answer is about, not included' }),
  to: instant().meta({ description: 'its end, included' }),
  resolution: level.meta({
    description:
      'interval: exact to the interval of collection at both ends; hour, day: rows that are kept by hour or day only',
  }),
  coverage: z.strictObject({
    isWhole: z
      .boolean()
      .meta({ description: 'false: a part of what was asked for is older than anything that is kept' }),
    parts: z
      .array(z.strictObject({ resolution: level, from: instant(), to: instant(), takenOff: z.boolean() }))
      .meta({ description: 'what was read; parts that are taken off leave the rest of an hour or day' }),
  }),
};

export function spanFields({ span, resolution, isWhole, parts }: StatsCoverage) {
  return {
    ...rangeOf(span),
    resolution,
    coverage: {
      isWhole,
      parts: parts.map((part) => ({ resolution: part.level, ...rangeOf(part), takenOff: part.sign === -1 })),
    },
  };
}

export function sumsFields(of: StatsSums) {
  const { executions, timeUs, rowsSent, rowsAffected, errors } = of;
  return { executions, timeUs, rowsSent, rowsAffected, meanTimeUs: meanOf(of), errors: errors ?? null };
}

export function rangeOf({ fromMs, toMs }: StatsSpan) {
  return { from: iso(fromMs), to: iso(toMs) };
}

function meanOf({ timeUs, executions }: StatsSums): number | null {
  return Number(executions) === 0 ? null : rounded(Number(timeUs) / Number(executions));
}

export const changeOfCount = z.strictObject({
  absolute: z.union([z.int(), z.string()]),
  relative: z.number().nullable().meta({ description: '0.5: half as much again; null: there was nothing before' }),
});

export function changeOf(now: Count, before: Count) {
  const difference = BigInt(now) - BigInt(before);
  const absolute = Number.isSafeInteger(Number(difference)) ? Number(difference) : difference.toString();
  const relative = Number(before) === 0 ? null : rounded(Number(difference) / Number(before));
  return { absolute, relative };
}

export function rounded(value: number): number {
  return Number(value.toFixed(4));
}
