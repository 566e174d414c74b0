import type { StatsPart, StatsSpan } from './stats-plan.ts';

/** What statistics may be grouped by. */
export const STATS_DIMENSIONS = ['digest', 'schema', 'user', 'hostgroup', 'proxy', 'namespace'] as const;
export type StatsDimension = (typeof STATS_DIMENSIONS)[number];

/** What groups may be ordered by, greatest first: rows are those sent and those changed together. */
export const STATS_METRICS = ['time', 'count', 'errors', 'rows', 'mean'] as const;
export type StatsMetric = (typeof STATS_METRICS)[number];

/** How a group has changed from one span to another. */
export const STATS_CHANGES = ['new', 'gone', 'kept'] as const;
export type StatsChange = (typeof STATS_CHANGES)[number];

/** A whole number; beyond 2^53 as a decimal string. */
export type Count = number | string;

export interface StatsFilter {
  /** Those that the asker may see; `*`: all. */
  readonly namespaces: readonly string[] | '*';
  readonly proxies?: readonly string[];
  readonly digests?: readonly string[];
  readonly schemas?: readonly string[];
  readonly users?: readonly string[];
  readonly hostgroups?: readonly string[];
  /** A pattern of SQL's LIKE for the text of the digest, with `!` before what is meant as it is. */
  readonly textLike?: string;
}

export interface TopSqlQuestion {
  readonly span: StatsSpan;
  /** Another span to compare with. */
  readonly compareWith?: StatsSpan;
  readonly filter: StatsFilter;
  /** At least one, none twice. */
  readonly groupBy: readonly StatsDimension[];
  readonly sort: StatsMetric;
  /** Lists only groups that changed so. */
  readonly change?: StatsChange;
  readonly limit: number;
  readonly offset: number;
}

export interface StatsSums {
  readonly executions: Count;
  readonly timeUs: Count;
  readonly rowsSent: Count;
  readonly rowsAffected: Count;
  /** Proxies count errors by user, schema and server, not by digest: undefined where a digest is asked about. */
  readonly errors: Count | undefined;
}

export interface TopSqlGroup {
  /** Of the dimensions that were asked for; a name that is not known is empty. */
  readonly names: Readonly<Partial<Record<StatsDimension, string>>>;
  readonly sums: StatsSums;
  /** Shortest and longest execution since the proxies have the digests, microseconds. */
  readonly minTimeUs: Count | undefined;
  readonly maxTimeUs: Count | undefined;
  readonly before: StatsSums | undefined;
}

/** Which rows an answer is made of. */
export interface StatsCoverage {
  readonly span: StatsSpan;
  readonly resolution: StatsPart['level'];
  readonly isWhole: boolean;
  readonly parts: readonly StatsPart[];
}

export interface TopSqlSpan extends StatsCoverage {
  readonly total: StatsSums;
  /** What of the total is told of no digest: the proxies' rest beyond their top digests. */
  readonly unnamed: StatsSums;
}

export interface TopSqlAnswer extends TopSqlSpan {
  readonly groups: readonly TopSqlGroup[];
  /** How many groups there are that could be listed. */
  readonly groupCount: number;
  readonly before: (TopSqlSpan & { readonly counts: Readonly<Record<StatsChange, number>> }) | undefined;
}

/** Whether proxies count errors by all that is asked for. */
export function tellsErrors({ groupBy, filter }: Pick<TopSqlQuestion, 'groupBy' | 'filter'>): boolean {
  return !groupBy.includes('digest') && filter.digests === undefined && filter.textLike === undefined;
}

/** The sums of a whole without those of some of its parts. */
export function sumsWithout(whole: StatsSums, parts: readonly StatsSums[]): StatsSums {
  const rest = (key: keyof StatsSums): Count =>
    countOf(parts.reduce((left, part) => left - BigInt(part[key] ?? 0), BigInt(whole[key] ?? 0)));
  return {
    executions: rest('executions'),
    timeUs: rest('timeUs'),
    rowsSent: rest('rowsSent'),
    rowsAffected: rest('rowsAffected'),
    errors: whole.errors === undefined ? undefined : rest('errors'),
  };
}

export function countOf(value: bigint): Count {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}
