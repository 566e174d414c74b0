import type { StatsSpan } from '@proxywatch/core/domain/monitoring/stats-plan';
import {
  STATS_CHANGES,
  STATS_DIMENSIONS,
  STATS_METRICS,
  type StatsDimension,
  type StatsMetric,
  sumsWithout,
  type TopSqlAnswer,
  type TopSqlGroup,
  type TopSqlQuestion,
  tellsErrors,
} from '@proxywatch/core/domain/monitoring/top-sql';
import { fetchDigestTexts } from '@proxywatch/core/drivers/dcdb/monitoring/digest-timeline';
import { fetchTopSql } from '@proxywatch/core/drivers/dcdb/monitoring/top-sql';
import { z } from 'zod';
import { ok } from '#api/answer';
import { timestamp } from '#api/fields';
import { cursorScope, type ListSpec, listQuery } from '#api/list';
import { likePattern } from '#api/list-sql';
import { meaning } from '#api/query-schema';
import { route } from '#api/route';
import { NAME, namesOf, namespacesOf } from './name-filters.ts';
import {
  changeOf,
  changeOfCount,
  count,
  rounded,
  spanAnswer,
  spanFields,
  sumsAnswer,
  sumsFields,
} from './stats-answer.ts';
import { refused, spanOf, timeRange } from './time-range.ts';

const USUAL_MS = 3_600_000;
/** Whoever wants to see further down asks for less at a time, or filters. */
const MAX_OFFSET = 10_000;
const METRIC = { type: 'number', ops: [], sortable: true } as const;

export const digestsList: ListSpec = {
  name: 'digests',
  fields: {
    namespace: NAME,
    proxy: NAME,
    schema: NAME,
    user: NAME,
    hostgroup: NAME,
    digest: NAME,
    text: { type: 'string', ops: ['like'] },
    ...Object.fromEntries(STATS_METRICS.map((name) => [name, METRIC])),
  },
  defaultSort: '-time',
  key: { field: 'digest' },
};

const ranked = z.strictObject({
  digest: z.string().optional(),
  text: z.string().nullable().optional().meta({ description: 'null: no read has brought it' }),
  schema: z.string().optional(),
  user: z.string().optional(),
  hostgroup: z.string().optional(),
  proxy: z.string().optional(),
  namespace: z.string().optional(),
  ...sumsAnswer.shape,
  timeShare: z.number().nullable().meta({ description: 'of the time of the whole answer' }),
  minTimeUs: count().nullable().meta({ description: 'shortest execution since the proxies have the digests' }),
  maxTimeUs: count().nullable().meta({ description: 'longest execution since the proxies have the digests' }),
  change: z.enum(STATS_CHANGES).optional(),
  before: sumsAnswer.optional(),
  executionsChange: changeOfCount.optional(),
  timeUsChange: changeOfCount.optional(),
});

const answerSchema = z.strictObject({
  ...spanAnswer,
  groupBy: z.array(z.enum(STATS_DIMENSIONS)),
  sort: z.enum(STATS_METRICS),
  items: z.array(ranked),
  other: z
    .strictObject({ ...sumsAnswer.shape, groups: z.int(), unnamed: sumsAnswer })
    .meta({ description: 'all that is in no item of this page; `unnamed` is what proxies tell of no digest' }),
  total: sumsAnswer.meta({ description: 'the sum of the items and `other`' }),
  before: z
    .strictObject({
      ...spanAnswer,
      total: sumsAnswer,
      unnamed: sumsAnswer,
      groups: z.strictObject({ new: z.int(), gone: z.int(), kept: z.int() }),
    })
    .optional(),
  nextCursor: z.string().nullable(),
});

export const listDigests = route({
  module: 'monitoring',
  method: 'GET',
  path: '/v1/monitoring/digests',
  operationId: 'listDigests',
  summary: 'Top SQL of a time range, exact at its borders as far as rows are kept',
  description:
    'Greatest first, with or without `-`. Errors are known by proxy, user, schema and hostgroup, not by digest: ' +
    '`sort=errors` groups by schema and user unless something else without digests is asked for.',
  role: 'viewer',
  query: listQuery(digestsList, {
    ...timeRange,
    groupBy: dimensions().optional().meta({ description: 'default digest' }),
    compare: z.enum(['previous']).optional().meta({ description: 'with the range of the same length just before' }),
    compareFrom: timestamp().optional(),
    compareTo: timestamp().optional(),
    change: z.enum(STATS_CHANGES).optional().meta({ description: 'only items that changed so; needs a comparison' }),
  }),
  answers: { 200: { description: 'a page of groups, what is in none of them, and the total', schema: answerSchema } },
  async handle({ db, nowMs }, request) {
    const { query, caller, signal, cursors } = request;
    const sort = query.sort.field as StatsMetric;
    const groupBy = query.groupBy ?? (sort === 'errors' ? ['schema', 'user'] : ['digest']);
    const list = cursorScope(digestsList, request);
    const page = query.cursor === undefined ? undefined : await cursors.decode(list, query.cursor);
    // Pages that follow are about the very range of the first one.
    const spans = page === undefined ? spansOf(query, nowMs()) : (JSON.parse(String(page.sort)) as AskedSpans);
    const text = query.filters.find(({ field }) => field === 'text')?.values[0];
    const question: TopSqlQuestion = {
      ...spans,
      filter: {
        namespaces: namespacesOf(query, caller.namespaces),
        ...defined('proxies', namesOf(query, 'proxy')),
        ...defined('digests', namesOf(query, 'digest')),
        ...defined('schemas', namesOf(query, 'schema')),
        ...defined('users', namesOf(query, 'user')),
        ...defined('hostgroups', namesOf(query, 'hostgroup')),
        ...defined('textLike', text === undefined ? undefined : likePattern(String(text))),
      },
      groupBy,
      sort,
      ...defined('change', query.change),
      limit: query.limit,
      offset: Number(page?.key ?? 0),
    };
    checkQuestion(question);
    const answer = await fetchTopSql(db, question, signal);
    const digests = answer.groups.flatMap(({ names }) => names.digest ?? []);
    const texts = await fetchDigestTexts(db, [...new Set(digests)], signal);
    const end = question.offset + answer.groups.length;
    const isMore = end < answer.groupCount && answer.groups.length > 0 && end <= MAX_OFFSET;
    const nextCursor = isMore ? await cursors.encode(list, { sort: JSON.stringify(spans), key: end }) : null;
    return ok({ ...answerBody(question, answer, texts), nextCursor });
  },
});

type AskedSpans = Pick<TopSqlQuestion, 'span' | 'compareWith'>;

interface AskedRanges {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly last?: number | undefined;
  readonly compare?: 'previous' | undefined;
  readonly compareFrom?: Date | undefined;
  readonly compareTo?: Date | undefined;
}

function spansOf(query: AskedRanges, nowMs: number): AskedSpans {
  const { compare, compareFrom, compareTo } = query;
  const span = spanOf(query, nowMs, USUAL_MS);
  if (compareFrom === undefined && compareTo === undefined) {
    return compare === undefined ? { span } : { span, compareWith: before(span) };
  }
  if (compare !== undefined) throw refused('compare', 'is instead of compareFrom and compareTo, not beside them');
  if (compareFrom === undefined) throw refused('compareFrom', 'compareTo needs it');
  const lengthMs = span.toMs - span.fromMs;
  const compareWith = {
    fromMs: compareFrom.getTime(),
    toMs: Math.min(nowMs, compareTo?.getTime() ?? compareFrom.getTime() + lengthMs),
  };
  if (compareWith.fromMs >= compareWith.toMs)
    throw refused('compareFrom', 'the range ends before it begins, or lies ahead');
  if (compareWith.toMs - compareWith.fromMs > 400 * 86_400_000)
    throw refused('compareFrom', 'the range is longer than 400 days');
  return { span, compareWith };
}

function before({ fromMs, toMs }: StatsSpan): StatsSpan {
  return { fromMs: Math.max(0, 2 * fromMs - toMs), toMs: fromMs };
}

function checkQuestion(question: TopSqlQuestion): void {
  if (question.change !== undefined && question.compareWith === undefined) {
    throw refused('change', 'needs compare, or compareFrom');
  }
  if (question.sort === 'errors' && !tellsErrors(question)) {
    throw refused(
      'sort',
      'proxies count errors by user, schema and hostgroup, not by digest: group and filter without it',
    );
  }
}

function answerBody(question: TopSqlQuestion, answer: TopSqlAnswer, texts: ReadonlyMap<string, string>) {
  const { groupBy, sort } = question;
  const { groups, groupCount, total, unnamed, before: past } = answer;
  const rest = sumsWithout(
    total,
    groups.map(({ sums }) => sums),
  );
  return {
    ...spanFields(answer),
    groupBy,
    sort,
    items: groups.map((group) => itemOf(group, answer, texts)),
    other: { ...sumsFields(rest), groups: groupCount - groups.length, unnamed: sumsFields(unnamed) },
    total: sumsFields(total),
    ...(past !== undefined && {
      before: {
        ...spanFields(past),
        total: sumsFields(past.total),
        unnamed: sumsFields(past.unnamed),
        groups: past.counts,
      },
    }),
  };
}

function itemOf(
  { names, sums, minTimeUs, maxTimeUs, before: past }: TopSqlGroup,
  { total }: TopSqlAnswer,
  texts: ReadonlyMap<string, string>,
) {
  const { digest } = names;
  const isGone = [sums.executions, sums.timeUs, sums.rowsSent, sums.rowsAffected, sums.errors ?? 0].every(
    (n) => n === 0,
  );
  const wasThere =
    past !== undefined &&
    [past.executions, past.timeUs, past.rowsSent, past.rowsAffected, past.errors ?? 0].some((n) => n !== 0);
  return {
    ...names,
    ...(digest !== undefined && { text: texts.get(digest) ?? null }),
    ...sumsFields(sums),
    timeShare: Number(total.timeUs) === 0 ? null : rounded(Number(sums.timeUs) / Number(total.timeUs)),
    minTimeUs: minTimeUs ?? null,
    maxTimeUs: maxTimeUs ?? null,
    ...(past !== undefined && {
      change: wasThere ? (isGone ? 'gone' : 'kept') : 'new',
      before: sumsFields(past),
      executionsChange: changeOf(sums.executions, past.executions),
      timeUsChange: changeOf(sums.timeUs, past.timeUs),
    }),
  };
}

/** `digest,schema`: one or more, none twice. */
function dimensions() {
  const known = (name: string): name is StatsDimension => STATS_DIMENSIONS.some((one) => one === name);
  const read = z.string().transform((given, ctx): readonly StatsDimension[] => {
    const names = given.split(',');
    if (names.every(known) && new Set(names).size === names.length) return names;
    ctx.addIssue({ code: 'custom', message: `expected some of ${STATS_DIMENSIONS.join(', ')}, separated by commas` });
    return z.NEVER;
  });
  return meaning(read, {
    type: 'array',
    items: { type: 'string', enum: STATS_DIMENSIONS },
    minItems: 1,
    maxItems: STATS_DIMENSIONS.length,
    uniqueItems: true,
  });
}

function defined<K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: V };
}
