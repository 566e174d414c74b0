import { sql } from 'kysely';
import { planStats, type StatsPlan } from '../../../domain/monitoring/stats-plan.ts';
import {
  type StatsChange,
  type StatsDimension,
  type StatsSums,
  type TopSqlAnswer,
  type TopSqlGroup,
  type TopSqlQuestion,
  type TopSqlSpan,
  tellsErrors,
} from '../../../domain/monitoring/top-sql.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { countOfSum } from './count-of-sum.ts';
import { atOneMoment } from './one-moment.ts';
import { fetchScannedProxies } from './scan-proxies.ts';
import type { Arithmetic } from './stats-rows.ts';
import { fetchStatsStock } from './stats-stock.ts';
import { type TopSqlRow, topSqlStatement } from './top-sql-statement.ts';

const EXACT_BELOW = 2 ** 53;

/**
 * The groups that ran most, and all others together: `total` is the sum of `groups` and of what is not listed, to the
 * execution. Reads what the span needs and sees one moment. Rejects with STORE_UNAVAILABLE or the signal's reason.
 */
export function fetchTopSql(db: Dcdb, question: TopSqlQuestion, signal?: AbortSignal): Promise<TopSqlAnswer> {
  return atOneMoment(
    db,
    async (tx) => {
      const { span, compareWith, filter } = question;
      const spans = compareWith === undefined ? [span] : [span, compareWith];
      const sinceMs = Math.min(...spans.map(({ fromMs }) => fromMs));
      const proxies = await fetchScannedProxies(tx, { ...filter, sinceMs });
      const stock = await fetchStatsStock(tx, spans, proxies);
      const plans = spans.map((one) => planStats(one, stock));
      return await fetchGroups(tx, question, proxies, plans);
    },
    signal,
  );
}

async function fetchGroups(
  db: Dcdb,
  question: TopSqlQuestion,
  proxies: readonly string[],
  plans: readonly StatsPlan[],
): Promise<TopSqlAnswer> {
  const ask = async (arithmetic: Arithmetic, page: Pick<TopSqlQuestion, 'limit' | 'offset'>) => {
    const statement = topSqlStatement({ ...question, ...page }, proxies, plans, arithmetic);
    return statement === undefined ? [] : (await sql<TopSqlRow>`${statement}`.execute(db)).rows;
  };
  let arithmetic: Arithmetic = 'doubles';
  let rows = await ask(arithmetic, question);
  // Behind the last page there are no rows to tell the totals.
  const isBehind = rows.length === 0 && question.offset > 0;
  if (isBehind) rows = await ask(arithmetic, { limit: 1, offset: 0 });
  if (Number(rows[0]?.total_gross ?? 0) >= EXACT_BELOW) {
    arithmetic = 'decimals';
    rows = await ask(arithmetic, isBehind ? { limit: 1, offset: 0 } : question);
  }
  return answerOf(question, plans, rows, isBehind ? [] : rows.filter(({ is_listed }) => Number(is_listed) === 1));
}

function answerOf(
  question: TopSqlQuestion,
  plans: readonly StatsPlan[],
  [totals]: readonly TopSqlRow[],
  listed: readonly TopSqlRow[],
): TopSqlAnswer {
  const hasErrors = tellsErrors(question);
  const [plan, planBefore] = plans;
  const spanOf = (one: StatsPlan | undefined, prefix: '' | 'before_'): TopSqlSpan => ({
    span: one?.span ?? question.span,
    resolution: one?.resolution ?? 'interval',
    isWhole: one?.isWhole ?? true,
    parts: one?.parts ?? [],
    total: sumsOf(totals, `total_${prefix}`, hasErrors),
    unnamed: sumsOf(totals, `unnamed_${prefix}`, hasErrors),
  });
  const counts: Record<StatsChange, number> = {
    new: Number(totals?.new_groups ?? 0),
    gone: Number(totals?.gone_groups ?? 0),
    kept: Number(totals?.kept_groups ?? 0),
  };
  return {
    ...spanOf(plan, ''),
    groups: listed.map((row) => groupOf(row, question, hasErrors)),
    groupCount: Number(totals?.listed_groups ?? 0),
    before: planBefore === undefined ? undefined : { ...spanOf(planBefore, 'before_'), counts },
  };
}

function groupOf(row: TopSqlRow, { groupBy, compareWith }: TopSqlQuestion, hasErrors: boolean): TopSqlGroup {
  const names = Object.fromEntries(groupBy.map((name) => [name, String(row[`name_${name}`])]));
  return {
    names: names as Partial<Record<StatsDimension, string>>,
    sums: sumsOf(row, '', hasErrors),
    minTimeUs: row.min_time_us === null ? undefined : countOfSum(row.min_time_us),
    maxTimeUs: row.max_time_us === null ? undefined : countOfSum(row.max_time_us),
    before: compareWith === undefined ? undefined : sumsOf(row, 'before_', hasErrors),
  };
}

function sumsOf(row: TopSqlRow | undefined, prefix: string, hasErrors: boolean): StatsSums {
  const value = (name: string) => countOfSum(row?.[`${prefix}${name}`] ?? 0);
  return {
    executions: value('executions'),
    timeUs: value('time_us'),
    rowsSent: value('rows_sent'),
    rowsAffected: value('rows_affected'),
    errors: hasErrors ? value('errors') : undefined,
  };
}
