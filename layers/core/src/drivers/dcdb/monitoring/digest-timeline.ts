import { sql } from 'kysely';
import { planStats, type StatsSpan } from '../../../domain/monitoring/stats-plan.ts';
import { BUCKETS, type Bucket, bucketEnds, timelineShape } from '../../../domain/monitoring/timeline.ts';
import type { StatsCoverage, StatsSums } from '../../../domain/monitoring/top-sql.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { countOfSum } from './count-of-sum.ts';
import { atOneMoment } from './one-moment.ts';
import { fetchScannedProxies } from './scan-proxies.ts';
import { COUNTERS, type Counter, statsRows } from './stats-rows.ts';
import { fetchStatsStock } from './stats-stock.ts';

/** A digest runs under so many combinations of schema, user and hostgroup that are looked at. */
const MAX_SERIES = 5_000;

export interface TimelineQuestion {
  readonly digest: string;
  readonly span: StatsSpan;
  /** @default - by the length of the span */
  readonly bucket?: Bucket | undefined;
  readonly namespaces: readonly string[] | '*';
  readonly proxies?: readonly string[] | undefined;
}

export interface DigestTimeline extends StatsCoverage {
  readonly bucket: Bucket;
  /** All buckets of the span, also those in which nothing ran. */
  readonly points: readonly TimelinePoint[];
}

export interface TimelinePoint extends Omit<StatsSums, 'errors'> {
  /** After `fromMs`, up to and with `toMs`: the first and the last bucket may be cut off by the span. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface DigestName {
  readonly digest: string;
  readonly text: string | undefined;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  /** Among those that were asked about. */
  readonly namespaces: readonly string[];
}

/** The digest as these namespaces know it; undefined when none of them has ever run it. Rejects with STORE_UNAVAILABLE. */
export function fetchDigestName(
  db: Dcdb,
  digest: string,
  namespaces: readonly string[] | '*',
  signal?: AbortSignal,
): Promise<DigestName | undefined> {
  return atOneMoment(
    db,
    async (tx) => {
      if (digest === '' || namespaces.length === 0) return undefined;
      let query = tx
        .selectFrom('sql_series')
        .select(({ fn }) => ['namespace', fn.min('first_seen_at').as('first'), fn.max('last_seen_at').as('last')])
        .where('digest', '=', digest);
      if (namespaces !== '*') query = query.where('namespace', 'in', namespaces);
      const rows = await query.groupBy('namespace').orderBy('namespace').limit(MAX_SERIES).execute();
      if (rows.length === 0) return undefined;
      const { text } = (await tx
        .selectFrom('sql_digests')
        .select('text')
        .where('digest', '=', digest)
        .executeTakeFirst()) ?? {
        text: null,
      };
      return {
        digest,
        text: text ?? undefined,
        firstSeenAt: new Date(Math.min(...rows.map(({ first }) => first.getTime()))),
        lastSeenAt: new Date(Math.max(...rows.map(({ last }) => last.getTime()))),
        namespaces: rows.map(({ namespace }) => namespace),
      };
    },
    signal,
  );
}

/** Texts of digests, of those that have one. */
export async function fetchDigestTexts(
  db: Dcdb,
  digests: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  if (digests.length === 0) return new Map();
  const rows = await atOneMoment(
    db,
    (tx) => tx.selectFrom('sql_digests').select(['digest', 'text']).where('digest', 'in', digests).execute(),
    signal,
  );
  return new Map(rows.flatMap(({ digest, text }) => (text === null ? [] : [[digest, text] as const])));
}

/** What a digest ran, bucket by bucket; all of them together are exactly what it ran in the span. */
export function fetchDigestTimeline(
  db: Dcdb,
  question: TimelineQuestion,
  signal?: AbortSignal,
): Promise<DigestTimeline> {
  return atOneMoment(
    db,
    async (tx) => {
      const { span: asked, namespaces } = question;
      const proxies = await fetchScannedProxies(tx, { ...question, sinceMs: asked.fromMs });
      const stock = await fetchStatsStock(tx, [asked], proxies);
      const { bucket, coarsest } = timelineShape(asked, stock, question.bucket);
      const plan = planStats(asked, stock, { coarsest, mayTakeOff: false });
      const seriesIds = await fetchSeriesIds(tx, question.digest, namespaces);
      const bucketUs = BUCKETS[bucket] * 1_000;
      const end = sql`(timestampdiff(microsecond, '1970-01-01', to_at) + ${sql.lit(bucketUs - 1)}) div ${sql.lit(bucketUs)}`;
      const options = { proxies, arithmetic: 'decimals', groupBy: { bucket: end }, seriesIds } as const;
      const rows = seriesIds.length === 0 ? undefined : statsRows([{ mark: 0, parts: plan.parts }], options);
      const sums = new Map<number, Row>();
      if (rows !== undefined) {
        const added = sql.join(COUNTERS.map((name) => sql`sum(${sql.ref(name)}) as ${sql.ref(name)}`));
        const found = await sql<Row>`select bucket, ${added} from (${rows}) as r group by bucket`.execute(tx);
        for (const row of found.rows) sums.set(Number(row.bucket) * BUCKETS[bucket], row);
      }
      return { ...plan, bucket, points: pointsOf(plan.span, bucket, sums) };
    },
    signal,
  );
}

type Row = Readonly<Record<Counter | 'bucket', string | number>>;

function pointsOf(span: StatsSpan, bucket: Bucket, sums: ReadonlyMap<number, Row>): TimelinePoint[] {
  return bucketEnds(span, bucket).map((endMs) => {
    const row = sums.get(endMs);
    const value = (name: Counter) => countOfSum(row?.[name] ?? 0);
    return {
      fromMs: Math.max(span.fromMs, endMs - BUCKETS[bucket]),
      toMs: Math.min(span.toMs, endMs),
      executions: value('executions'),
      timeUs: value('time_us'),
      rowsSent: value('rows_sent'),
      rowsAffected: value('rows_affected'),
    };
  });
}

async function fetchSeriesIds(
  db: Dcdb,
  digest: string,
  namespaces: readonly string[] | '*',
): Promise<readonly (string | number)[]> {
  if (namespaces.length === 0) return [];
  let query = db.selectFrom('sql_series').select('id').where('digest', '=', digest);
  if (namespaces !== '*') query = query.where('namespace', 'in', namespaces);
  return (await query.orderBy('id').limit(MAX_SERIES).execute()).map(({ id }) => id);
}
