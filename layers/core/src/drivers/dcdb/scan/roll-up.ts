import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { Dcdb } from '../create-dcdb.ts';
import type { DcdbTables } from '../tables.ts';
import { datetimeOf } from './fit.ts';

/** Proxies of one transaction: an hour of a busy one has 12,000 rows and more. */
const PROXIES_AT_ONCE = 8;
/** An hour is summed up this long after its end, when its last rows have come: those that come later cost a second time. */
const SETTLE_MS = 120_000;
const HOUR_MS = 3_600_000;

export type Level = 'hour' | 'day';
const LEVELS = {
  hour: { from: 'sql_stats', to: 'sql_stats_hour', ms: HOUR_MS, next: 24 * HOUR_MS },
  day: { from: 'sql_stats_hour', to: 'sql_stats_day', ms: 24 * HOUR_MS, next: undefined },
} as const;

/** No sum exceeds the column, whatever proxies answer. */
const LIMIT = sql`18446744073709551615`;

/**
 * Sums up hours or days of proxies that finer rows were written into since, oldest first, at most `limit` of them, and
 * answers how many. Each is computed anew from all its finer rows and assigned, so that nothing counts twice.
 */
export async function rollUp(
  db: Dcdb,
  level: Level,
  nowMs: number,
  limit: number,
  signal?: AbortSignal,
): Promise<number> {
  let done = 0;
  while (done < limit) {
    signal?.throwIfAborted();
    const atMost = Math.min(PROXIES_AT_ONCE, limit - done);
    const count = await db.transaction().execute((tx) => rollUpNext(tx, level, nowMs - SETTLE_MS, atMost));
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** Whether anything up to that time waits to be summed up. */
export async function hasDirty(db: Dcdb, level: Level, untilMs: number): Promise<boolean> {
  const { rows } = await sql`
    select 1 from sql_stats_dirty where level = ${level} and to_at <= ${datetimeOf(untilMs)} limit 1`.execute(db);
  return rows.length > 0;
}

async function rollUpNext(
  tx: Transaction<DcdbTables>,
  level: Level,
  settledMs: number,
  limit: number,
): Promise<number> {
  if (settledMs < 0) return 0;
  // The marks stay locked until the sums are there: a sink that has more rows waits and marks anew. One that is at it
  // right now is left for the next time.
  const { rows } = await sql<{ to_at: Date; proxy: string }>`
    select to_at, proxy from sql_stats_dirty where level = ${level} and to_at <= ${datetimeOf(settledMs)}
    order by to_at, proxy limit ${sql.lit(limit)} for update skip locked`.execute(tx);
  const toMs = rows[0]?.to_at.getTime();
  if (toMs === undefined) return 0;
  const proxies = rows.filter(({ to_at }) => to_at.getTime() === toMs).map(({ proxy }) => proxy);
  const { next } = LEVELS[level];
  await sumUp(tx, level, toMs, proxies);
  if (next !== undefined) await markDirty(tx, 'day', Math.ceil(toMs / next) * next, proxies);
  await sql`delete from sql_stats_dirty where level = ${level} and to_at = ${datetimeOf(toMs)}
    and proxy in (${sql.join(proxies)})`.execute(tx);
  return proxies.length;
}

async function sumUp(
  tx: Transaction<DcdbTables>,
  level: Level,
  toMs: number,
  proxies: readonly string[],
): Promise<void> {
  const { from, to, ms } = LEVELS[level];
  const toAt = datetimeOf(toMs);
  await sql`
    insert into ${sql.table(to)}
      (proxy, to_at, series_id, executions, time_us, rows_sent, rows_affected, min_time_us, max_time_us)
    select proxy, ${toAt}, series_id, ${sum('executions')}, ${sum('time_us')}, ${sum('rows_sent')},
      ${sum('rows_affected')}, min(min_time_us), max(max_time_us)
    from ${sql.table(from)}
    where proxy in (${sql.join(proxies)}) and to_at > ${datetimeOf(toMs - ms)} and to_at <= ${toAt}
    group by proxy, series_id
    on duplicate key update executions = values(executions), time_us = values(time_us), rows_sent = values(rows_sent),
      rows_affected = values(rows_affected), min_time_us = values(min_time_us), max_time_us = values(max_time_us)`.execute(
    tx,
  );
}

async function markDirty(
  tx: Transaction<DcdbTables>,
  level: Level,
  toMs: number,
  proxies: readonly string[],
): Promise<void> {
  const rows = proxies.map((proxy) => sql`(${level}, ${datetimeOf(toMs)}, ${proxy})`);
  await sql`insert into sql_stats_dirty (level, to_at, proxy) values ${sql.join(rows)}
    on duplicate key update proxy = values(proxy)`.execute(tx);
}

function sum(column: string): RawBuilder<unknown> {
  return sql`least(sum(${sql.ref(column)}), ${LIMIT})`;
}
