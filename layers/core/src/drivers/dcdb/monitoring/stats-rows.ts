import { type RawBuilder, sql } from 'kysely';
import type { StatsPart, StatsSpan } from '../../../domain/monitoring/stats-plan.ts';
import { datetimeOf } from '../scan/fit.ts';
import { slicesOf } from './slices.ts';
import { STATS_TABLES } from './stats-stock.ts';

export type Sql = RawBuilder<unknown>;

/** Counters of a row of statistics. */
export const COUNTERS = ['executions', 'time_us', 'rows_sent', 'rows_affected'] as const;
export type Counter = (typeof COUNTERS)[number];

/**
 * How counters are added up. Doubles take a third of the time of decimals, and are exact while no sum of theirs reaches
 * 2^53: who uses them looks at `gross`, the sum of all that was added up, and begins anew with decimals if it does.
 */
export type Arithmetic = 'doubles' | 'decimals';

export interface PartsOfRows {
  /** Marks the rows; a literal. */
  readonly mark: number;
  readonly parts: readonly StatsPart[];
}

export interface RowsOptions {
  readonly proxies: readonly string[];
  readonly arithmetic: Arithmetic;
  /** What sums are kept apart by beside the series: expressions by their names. */
  readonly groupBy: Readonly<Record<string, Sql>>;
  /** Only these series. */
  readonly seriesIds?: readonly (string | number)[] | undefined;
}

/**
 * Sums of series as a table `(mark, sign, …groupBy, series_id, counters, min_time_us, max_time_us)`, one line per series and
 * piece: rows are looked up by proxy and time, and what is grouped are numbers. Undefined when there is nothing to read.
 */
export function statsRows(windows: readonly PartsOfRows[], options: RowsOptions): Sql | undefined {
  const pieces = windows.flatMap(({ mark, parts }) =>
    [...Map.groupBy(parts, ({ level, sign }) => `${level}${sign}`).values()].flatMap((alike) =>
      [...slicesOf(options.proxies)].map((proxies) => piece(mark, alike, proxies, options)),
    ),
  );
  return pieces.length === 0 ? undefined : sql.join(pieces, sql` union all `);
}

function piece(
  mark: number,
  parts: readonly StatsPart[],
  proxies: readonly string[],
  { arithmetic, groupBy, seriesIds }: RowsOptions,
): Sql {
  const { level, sign } = parts[0] ?? { level: 'interval' as const, sign: 1 };
  const others = Object.entries(groupBy);
  const keys = [...others.map(([name, value]) => sql`${value} as ${sql.ref(name)}`), sql.ref('series_id')];
  const names = [...others.map(([, value]) => value), sql.ref('series_id')];
  const sums = COUNTERS.map((name) => sql`${sumOf(sql.ref(name), arithmetic)} as ${sql.ref(name)}`);
  const ofSeries = seriesIds === undefined ? sql`` : sql` and series_id in (${sql.join(seriesIds)})`;
  return sql`select ${sql.lit(mark)} as mark, ${sql.lit(sign)} as sign, ${sql.join(keys)}, ${sql.join(sums)},
      min(min_time_us) as min_time_us, max(max_time_us) as max_time_us
    from ${sql.table(STATS_TABLES[level])}
    where proxy in (${sql.join(proxies)}) and ${within(parts)}${ofSeries}
    group by ${sql.join(names)}`;
}

export function within(spans: readonly StatsSpan[], column = 'to_at'): Sql {
  const one = ({ fromMs, toMs }: StatsSpan) =>
    sql`${sql.ref(column)} > ${datetimeOf(fromMs)} and ${sql.ref(column)} <= ${datetimeOf(toMs)}`;
  return spans.length === 1 && spans[0] !== undefined
    ? one(spans[0])
    : sql`(${sql.join(
        spans.map((span) => sql`(${one(span)})`),
        sql` or `,
      )})`;
}

export function sumOf(value: Sql, arithmetic: Arithmetic): Sql {
  return arithmetic === 'doubles' ? sql`sum(${value} + 0e0)` : sql`sum(${value})`;
}
