import { sql } from 'kysely';
import { type StatsLevel, type StatsSpan, type StatsStock, UNIT_MS } from '../../../domain/monitoring/stats-plan.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { datetimeOf } from '../scan/fit.ts';
import { slicesOf } from './slices.ts';

/** Tables by level. */
export const STATS_TABLES = {
  interval: 'sql_stats',
  hour: 'sql_stats_hour',
  day: 'sql_stats_day',
} as const satisfies Record<StatsLevel, string>;

/** What of these proxies there is to read about the spans. To be read in one transaction with the rows. */
export async function fetchStatsStock(
  db: Dcdb,
  spans: readonly StatsSpan[],
  proxies: readonly string[],
): Promise<StatsStock> {
  const floors = await fetchFloors(db);
  const dirty = { hour: new Set<number>(), day: new Set<number>() };
  for (const { fromMs, toMs } of spans) {
    // Up to the end of the day in which the span ends: borders may move there, and it is looked at as a whole.
    const untilMs = Math.ceil(toMs / UNIT_MS.day) * UNIT_MS.day;
    const sinceMs = Math.max(0, Math.floor(fromMs / UNIT_MS.day) * UNIT_MS.day);
    for (const some of slicesOf(proxies)) {
      const { rows } = await sql<{ level: 'hour' | 'day'; to_at: Date }>`
        select distinct level, to_at from sql_stats_dirty
        where level in ('hour', 'day') and to_at > ${datetimeOf(sinceMs)} and to_at <= ${datetimeOf(untilMs)}
          and proxy in (${sql.join(some)})`.execute(db);
      for (const { level, to_at } of rows) dirty[level].add(to_at.getTime());
    }
  }
  return { floors, dirtyHours: dirty.hour, dirtyDays: dirty.day };
}

async function fetchFloors(db: Dcdb): Promise<StatsStock['floors']> {
  const rows = await db
    .selectFrom('scan_floors')
    .select(['table_name', 'kept_after'])
    .where('table_name', 'in', Object.values(STATS_TABLES))
    .execute();
  const floorOf = (level: StatsLevel) =>
    rows.find(({ table_name }) => table_name === STATS_TABLES[level])?.kept_after.getTime() ?? 0;
  return { interval: floorOf('interval'), hour: floorOf('hour'), day: floorOf('day') };
}
