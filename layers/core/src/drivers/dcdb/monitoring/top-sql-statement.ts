import { sql } from 'kysely';
import type { StatsPlan } from '../../../domain/monitoring/stats-plan.ts';
import {
  type StatsChange,
  type StatsDimension,
  type StatsFilter,
  type StatsMetric,
  type TopSqlQuestion,
  tellsErrors,
} from '../../../domain/monitoring/top-sql.ts';
import { slicesOf } from './slices.ts';
import { type Arithmetic, COUNTERS, type Sql, statsRows, sumOf, within } from './stats-rows.ts';

/** Columns are those of `SUMS`, also with the prefixes `before_`, `total_`, `total_before_` and `unnamed_`; and `name_…`. */
export type TopSqlRow = Readonly<Record<string, string | number>> & {
  readonly min_time_us: string | number | null;
  readonly max_time_us: string | number | null;
};

const SUMS = [...COUNTERS, 'errors'] as const;
const NOW = 0;
const BEFORE = 1;

const COLUMNS: Readonly<Record<StatsDimension, string>> = {
  digest: 'digest',
  schema: 'schema_name',
  user: 'user_name',
  hostgroup: 'hostgroup',
  proxy: 'proxy',
  namespace: 'namespace',
};

/** What the rest of a proxy has a name of. */
const NAMES_OF_REST: readonly StatsDimension[] = ['proxy', 'namespace'];

const METRICS: Readonly<Record<StatsMetric, (prefix: string) => Sql>> = {
  time: (prefix) => sql.ref(`${prefix}time_us`),
  count: (prefix) => sql.ref(`${prefix}executions`),
  errors: (prefix) => sql.ref(`${prefix}errors`),
  rows: (prefix) => sql`${sql.ref(`${prefix}rows_sent`)} + ${sql.ref(`${prefix}rows_affected`)}`,
  mean: (prefix) => sql`${sql.ref(`${prefix}time_us`)} / nullif(${sql.ref(`${prefix}executions`)}, 0)`,
};

/**
 * One statement for the groups of a page, each with the totals of all: sums by series from the fact tables, names for these
 * only, groups of names, and the order. Undefined when there is nothing to read.
 */
export function topSqlStatement(
  question: TopSqlQuestion,
  proxies: readonly string[],
  plans: readonly StatsPlan[],
  arithmetic: Arithmetic,
): Sql | undefined {
  const { groupBy, sort, change, limit, offset } = question;
  const sources = [
    seriesSums(question, proxies, plans, arithmetic),
    ...(tellsErrors(question) ? errorSums(question, proxies, plans, arithmetic) : []),
  ].filter((source) => source !== undefined);
  if (sources.length === 0) return undefined;
  const names = groupBy.map((name) => sql.ref(`name_${name}`));
  const prefixes = plans.length > 1 ? ['', 'before_'] : [''];
  const sums = prefixes.flatMap((prefix) => SUMS.map((name) => sql.ref(`${prefix}${name}`)));
  const listed = sql`is_rest = 0${change === undefined ? sql`` : sql` and ${changed(change)}`}`;
  const columns = [
    ...names,
    ...sums,
    ...[sql.ref('min_time_us'), sql.ref('max_time_us'), sql`${listed} as is_listed`],
    ...totalColumns(prefixes, listed),
  ];
  const order = [
    sql`is_listed desc`,
    ...prefixes.map((prefix) => sql`${METRICS[sort](prefix)} desc`),
    ...names.map((name) => sql`${name}`),
  ];
  const grouped = sql`select ${sql.join([...names, sql.ref('is_rest')])}, ${sql.join(addedUp(prefixes))}
    from (${sql.join(sources, sql` union all `)}) as sums group by ${sql.join([...names, sql.ref('is_rest')])}`;
  const isThere = sql`(${sql.join(sums, sql` <> 0 or `)} <> 0)`;
  return sql`select ${sql.join(columns)} from (${grouped}) as named where ${isThere}
    order by ${sql.join(order)} limit ${sql.lit(limit)} offset ${sql.lit(offset)}`;
}

function addedUp(prefixes: readonly string[]): Sql[] {
  const sums = [...prefixes.flatMap((prefix) => SUMS.map((name) => `${prefix}${name}`)), 'gross'];
  return [
    ...sums.map((name) => sql`sum(${sql.ref(name)}) as ${sql.ref(name)}`),
    sql`min(min_time_us) as min_time_us, max(max_time_us) as max_time_us`,
  ];
}

/** Over all groups, listed or not. */
function totalColumns(prefixes: readonly string[], listed: Sql): Sql[] {
  const over = (value: Sql, name: string) => sql`sum(${value}) over () as ${sql.ref(name)}`;
  return [
    over(sql.ref('gross'), 'total_gross'),
    over(listed, 'listed_groups'),
    ...prefixes.flatMap((prefix) =>
      SUMS.flatMap((name) => {
        const value = sql.ref(`${prefix}${name}`);
        return [
          over(value, `total_${prefix}${name}`),
          over(sql`if(is_rest = 1, ${value}, 0)`, `unnamed_${prefix}${name}`),
        ];
      }),
    ),
    ...(prefixes.length === 1
      ? []
      : (['new', 'gone', 'kept'] as const).map((kind) =>
          over(sql`is_rest = 0 and ${changed(kind)}`, `${kind}_groups`),
        )),
  ];
}

function changed(kind: StatsChange): Sql {
  const isThere = (prefix: string) =>
    sql`(${sql.join(
      SUMS.map((name) => sql.ref(`${prefix}${name}`)),
      sql` <> 0 or `,
    )} <> 0)`;
  if (kind === 'new') return sql`not ${isThere('before_')}`;
  if (kind === 'gone') return sql`not ${isThere('')}`;
  return sql`(${isThere('')} and ${isThere('before_')})`;
}

/** Sums of series with the names of the groups: names are looked up for these, however many others are stored. */
function seriesSums(
  { groupBy, filter }: TopSqlQuestion,
  proxies: readonly string[],
  plans: readonly StatsPlan[],
  arithmetic: Arithmetic,
): Sql | undefined {
  const byProxy: Readonly<Record<string, Sql>> = groupBy.includes('proxy') ? { proxy: sql.ref('proxy') } : {};
  const windows = plans.map(({ parts }, mark) => ({ mark, parts }));
  const rows = statsRows(windows, { proxies, arithmetic, groupBy: byProxy });
  if (rows === undefined) return undefined;
  const names = groupBy.map((name) => {
    const column = name === 'proxy' ? sql.ref('r.proxy') : sql.ref(`s.${COLUMNS[name]}`);
    return sql`${column} as ${sql.ref(`name_${name}`)}`;
  });
  const isRest = groupBy.every((name) => NAMES_OF_REST.includes(name)) ? sql`0` : sql`s.digest = ''`;
  const marks = plans.length > 1 ? [NOW, BEFORE] : [NOW];
  const sums = marks.flatMap((mark) => [
    ...COUNTERS.map(
      (name) => sql`if(mark = ${sql.lit(mark)}, sign * ${sql.ref(`r.${name}`)}, 0) as ${prefixed(mark, name)}`,
    ),
    sql`0 as ${prefixed(mark, 'errors')}`,
  ]);
  const ofText =
    filter.textLike === undefined
      ? sql``
      : sql`straight_join sql_digests as d on d.digest = s.digest and d.text like ${filter.textLike} escape '!'`;
  const extreme = (name: string) => sql`if(mark = 0 and sign = 1, ${sql.ref(`r.${name}`)}, null) as ${sql.ref(name)}`;
  return sql`select ${sql.join([...names, sql`${isRest} as is_rest`, ...sums])},
      ${sql.join(
        COUNTERS.map((name) => sql.ref(`r.${name}`)),
        sql` + `,
      )} as gross,
      ${extreme('min_time_us')}, ${extreme('max_time_us')}
    from (${rows}) as r straight_join sql_series as s on s.id = r.series_id ${ofText}
    where ${sql.join(conditions(filter, 's'), sql` and `)}`;
}

/** Errors of the same spans, with the names of the groups. */
function errorSums(
  { groupBy, filter }: TopSqlQuestion,
  proxies: readonly string[],
  plans: readonly StatsPlan[],
  arithmetic: Arithmetic,
): (Sql | undefined)[] {
  const names = groupBy.map(
    (name) => sql`coalesce(${sql.ref(`e.${COLUMNS[name]}`)}, '') as ${sql.ref(`name_${name}`)}`,
  );
  const keys = groupBy.map((name) => sql.ref(`e.${COLUMNS[name]}`));
  const zeros = (mark: number) => COUNTERS.map((name) => sql`0 as ${prefixed(mark, name)}`);
  return plans.flatMap(({ span }, mark) =>
    span.fromMs >= span.toMs
      ? []
      : [...slicesOf(proxies)].map((some) => {
          const sums = (plans.length > 1 ? [NOW, BEFORE] : [NOW]).flatMap((one) => [
            ...zeros(one),
            sql`${one === mark ? sumOf(sql.ref('e.error_count'), arithmetic) : sql`0`} as ${prefixed(one, 'errors')}`,
          ]);
          return sql`select ${sql.join([...names, sql`0 as is_rest`, ...sums])},
              ${sumOf(sql.ref('e.error_count'), arithmetic)} as gross, null as min_time_us, null as max_time_us
            from sql_errors as e
            where e.proxy in (${sql.join(some)}) and ${within([span], 'e.to_at')}
              and ${sql.join(conditions(filter, 'e'), sql` and `)}
            group by ${sql.join(keys)}`;
        }),
  );
}

/** Rows of a namespace that the asker may not see are none. */
function conditions({ namespaces, digests, schemas, users, hostgroups }: StatsFilter, table: string): Sql[] {
  const oneOf = (column: string, values: readonly string[] | undefined) => {
    if (values === undefined) return [];
    return values.length === 0 ? [sql`false`] : [sql`${sql.ref(`${table}.${column}`)} in (${sql.join(values)})`];
  };
  return [
    sql`true`,
    ...oneOf('namespace', namespaces === '*' ? undefined : namespaces),
    ...oneOf('digest', digests),
    ...oneOf('schema_name', schemas),
    ...oneOf('user_name', users),
    ...oneOf('hostgroup', hostgroups),
  ];
}

function prefixed(mark: number, name: string): Sql {
  return sql.ref(`${mark === BEFORE ? 'before_' : ''}${name}`);
}
