import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { BUCKET_NAMES, bucketCount, MAX_BUCKETS } from '@proxywatch/core/domain/monitoring/timeline';
import { sumsWithout } from '@proxywatch/core/domain/monitoring/top-sql';
import { fetchDigestName, fetchDigestTimeline } from '@proxywatch/core/drivers/dcdb/monitoring/digest-timeline';
import { fetchTopSql } from '@proxywatch/core/drivers/dcdb/monitoring/top-sql';
import { z } from 'zod';
import { ok } from '#api/answer';
import { instant, queryInteger } from '#api/fields';
import { type ListSpec, listQuery } from '#api/list';
import { route } from '#api/route';
import { NAME, namesOf, namespacesOf } from './name-filters.ts';
import { count, spanAnswer, spanFields, sumsAnswer, sumsFields } from './stats-answer.ts';
import { iso, refused, spanOf, timeRange } from './time-range.ts';

const USUAL_MS = 86_400_000;
/** Of a page of series: the rest is summed up in `other`. */
const SERIES = { usual: 50, most: 200 } as const;

const filters: ListSpec = {
  name: 'digest',
  fields: { namespace: NAME, proxy: NAME },
  defaultSort: '-time',
  key: { field: 'digest' },
};

const seriesAnswer = z.strictObject({
  namespace: z.string(),
  schema: z.string(),
  user: z.string(),
  hostgroup: z.string(),
  proxy: z.string(),
  ...sumsAnswer.shape,
});

export const getDigest = route({
  module: 'monitoring',
  method: 'GET',
  path: '/v1/monitoring/digests/{digest}',
  operationId: 'getDigest',
  summary: 'A digest: its text, who ran it where, and when',
  role: 'viewer',
  params: z.strictObject({
    digest: z
      .string()
      .regex(/^[!-~]{1,64}$/, { error: 'expected up to 64 characters, as the proxy prints a digest' })
      .meta({ example: '0x247BDD0535885470' }),
  }),
  query: listQuery(filters, {
    ...timeRange,
    bucket: z.enum(BUCKET_NAMES).optional().meta({ description: 'default: 120 buckets at most' }),
    series: queryInteger(1, SERIES.most)
      .default(SERIES.usual)
      .meta({ description: 'how many series are listed, those that took most time' }),
  }),
  answers: {
    200: {
      description: 'the digest',
      schema: z.strictObject({
        digest: z.string(),
        text: z.string().nullable(),
        firstSeenAt: instant(),
        lastSeenAt: instant(),
        namespaces: z.array(z.string()),
        ...spanAnswer,
        total: sumsAnswer,
        series: z.array(seriesAnswer),
        other: z.strictObject({ ...sumsAnswer.shape, groups: z.int() }),
        minTimeUs: count().nullable(),
        maxTimeUs: count().nullable(),
        timeline: z.strictObject({
          ...spanAnswer,
          bucket: z.enum(BUCKET_NAMES),
          points: z.array(
            z.strictObject({
              from: instant(),
              to: instant(),
              executions: count(),
              timeUs: count(),
              rowsSent: count(),
              rowsAffected: count(),
            }),
          ),
        }),
      }),
    },
    404: { description: 'no namespace that the caller may see has ever run it' },
  },
  async handle({ db, nowMs }, { params, query, caller, signal }) {
    const { digest } = params;
    const span = spanOf(query, nowMs(), USUAL_MS);
    const { bucket } = query;
    if (bucket !== undefined && bucketCount(span, bucket) > MAX_BUCKETS) {
      throw refused('bucket', `more than ${MAX_BUCKETS} buckets: choose a larger one, or a shorter range`);
    }
    const namespaces = namespacesOf(query, caller.namespaces);
    const name = await fetchDigestName(db, digest, namespaces, signal);
    if (name === undefined) throw new ProxywatchError('NOT_FOUND', 'there is no such digest');
    const proxies = namesOf(query, 'proxy');
    const filter = { namespaces, digests: [digest], ...(proxies !== undefined && { proxies }) };
    const groupBy = ['namespace', 'schema', 'user', 'hostgroup', 'proxy'] as const;
    const top = await fetchTopSql(db, { span, filter, groupBy, sort: 'time', limit: query.series, offset: 0 }, signal);
    const timeline = await fetchDigestTimeline(db, { digest, span, bucket, namespaces, proxies }, signal);
    const rest = sumsWithout(
      top.total,
      top.groups.map(({ sums }) => sums),
    );
    return ok({
      digest,
      text: name.text ?? null,
      firstSeenAt: name.firstSeenAt.toISOString(),
      lastSeenAt: name.lastSeenAt.toISOString(),
      namespaces: name.namespaces,
      ...spanFields(top),
      total: sumsFields(top.total),
      series: top.groups.map(({ names, sums }) => ({ ...names, ...sumsFields(sums) })),
      other: { ...sumsFields(rest), groups: top.groupCount - top.groups.length },
      minTimeUs: extreme(
        Math.min,
        top.groups.map(({ minTimeUs }) => minTimeUs),
      ),
      maxTimeUs: extreme(
        Math.max,
        top.groups.map(({ maxTimeUs }) => maxTimeUs),
      ),
      timeline: {
        ...spanFields(timeline),
        bucket: timeline.bucket,
        points: timeline.points.map(({ fromMs, toMs, ...sums }) => ({ from: iso(fromMs), to: iso(toMs), ...sums })),
      },
    });
  },
});

/** Of those that are known; times of single executions are far below 2^53. */
function extreme(
  pick: (...values: number[]) => number,
  values: readonly (number | string | undefined)[],
): number | null {
  const known = values.filter((value) => value !== undefined).map(Number);
  return known.length === 0 ? null : pick(...known);
}
