/**
 * How long the top 50 digests take, as the API asks for them: over the last 24 hours and over 30 days, of a fleet of 100
 * proxies with 100 digests each, every one of which ran in every other minute: a row each for two days, per hour for 35 days and
 * per day for 400. And the same questions of a store that holds no more than they ask for.
 */
import { createConnection } from 'mysql2/promise';
import { startMariadb } from '../../infra/local/services/mariadb.ts';
import type { TopSqlQuestion } from '../../layers/core/src/domain/monitoring/top-sql.ts';
import { createDcdb, type Dcdb } from '../../layers/core/src/drivers/dcdb/create-dcdb.ts';
import { migrateDcdb } from '../../layers/core/src/drivers/dcdb/migrate-dcdb.ts';
import { fetchTopSql } from '../../layers/core/src/drivers/dcdb/monitoring/top-sql.ts';
import { maintainScanTables } from '../../layers/core/src/drivers/dcdb/scan/maintain-scan-tables.ts';
import type { BenchResult } from './harness/result.ts';

const PROXIES = 100;
const DIGESTS = 100;
const ASKED = 60;
const LIMIT_MS = 1_000;
const MINUTE_MS = 60_000;
/** Distance of the rows of a digest. */
const STEP_MS = 2 * MINUTE_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** In the middle of an hour, so that as much as half of one is read by the minute at either end. */
const NOW_MS = Date.UTC(2026, 10, 20, 15, 30);
const TODAY_MS = Math.floor(NOW_MS / DAY_MS) * DAY_MS;
const HOUR_BEGIN_MS = Math.floor(NOW_MS / HOUR_MS) * HOUR_MS;
const QUESTIONS = { '24h': DAY_MS, '30d': 30 * DAY_MS } as const;

/** How far back each level reaches. */
interface Store {
  readonly minutesFromMs: number;
  readonly hoursFromMs: number;
  readonly daysFromMs: number;
}
/** What the questions ask for, and hardly more. */
const LEAST: Store = {
  minutesFromMs: HOUR_BEGIN_MS - DAY_MS,
  hoursFromMs: TODAY_MS - 30 * DAY_MS,
  daysFromMs: TODAY_MS - 30 * DAY_MS,
};
const WHOLE_DAYS = 400;
const WHOLE: Store = {
  minutesFromMs: HOUR_BEGIN_MS - 2 * DAY_MS,
  hoursFromMs: TODAY_MS - 35 * DAY_MS,
  daysFromMs: TODAY_MS - WHOLE_DAYS * DAY_MS,
};

const KEYS = 'proxy, to_at, series_id';
const SUMS = 'executions, time_us, rows_sent, rows_affected, min_time_us, max_time_us';

type Connection = Awaited<ReturnType<typeof createConnection>>;

export async function topSql(): Promise<BenchResult[]> {
  const server = await startMariadb();
  const admin = await createConnection(server.adminUrl);
  const connections = await Promise.all([0, 1].map(() => createConnection({ uri: server.url, timezone: 'Z' })));
  const db = createDcdb(server.url);
  try {
    // A DCDB has more memory than the servers of a local run.
    for (const setting of ['buffer_pool_size = 1073741824', 'log_file_size = 536870912']) {
      await admin.query(`set global innodb_${setting}`);
    }
    await migrateDcdb(db);
    for (let day = WHOLE_DAYS; day > 0; day -= 90) await maintainScanTables(db, { nowMs: NOW_MS - day * DAY_MS });
    await maintainScanTables(db, { nowMs: NOW_MS });
    await writeNames(connections[0] as Connection);
    const rows = { least: await fill(connections, LEAST, undefined), whole: 0 };
    const least = await ask(db);
    rows.whole = rows.least + (await fill(connections, WHOLE, LEAST));
    const whole = await ask(db);
    console.log(`rows: ${rows.least.toLocaleString('en')}, then ${rows.whole.toLocaleString('en')}`);
    return (['24h', '30d'] as const).flatMap((name) => {
      const ratio = (a: number, b: number) => Number((a / b).toPrecision(3));
      const round = (ms: number) => Number(ms.toPrecision(4));
      return [
        {
          name: `top-sql-${name}`,
          value: round(whole[name].p95),
          unit: 'ms',
          baseline: LIMIT_MS,
          ratio: ratio(LIMIT_MS, whole[name].p95),
        },
        {
          ...{ name: `top-sql-${name}-stored`, value: round(whole[name].median), unit: 'ms' },
          ...{ baseline: round(least[name].median), ratio: ratio(whole[name].median, least[name].median) },
        },
      ];
    });
  } finally {
    await db.destroy();
    await Promise.all([admin, ...connections].map((connection) => connection.end()));
    await server.stop();
  }
}

/** Each question over and over, in turns. */
async function ask(
  db: Dcdb,
): Promise<Record<keyof typeof QUESTIONS, { readonly p95: number; readonly median: number }>> {
  const took = { '24h': [] as number[], '30d': [] as number[] };
  for (let i = 0; i < ASKED + 2; i++) {
    for (const name of ['24h', '30d'] as const) {
      const startedMs = performance.now();
      const answer = await fetchTopSql(db, questionOf(QUESTIONS[name]));
      // The first ones find nothing in memory yet.
      if (i >= 2) took[name].push(performance.now() - startedMs);
      check(answer.groups.length, 50, `${name}: groups`);
      const { fromMs, toMs } = answer.span;
      check(answer.total.executions, (PROXIES * DIGESTS * (toMs - fromMs)) / MINUTE_MS, `${name}: executions`);
    }
  }
  const ofQuantile = (all: readonly number[], q: number) =>
    all.toSorted((a, b) => a - b)[Math.ceil(q * all.length) - 1] ?? 0;
  const shown = (all: readonly number[]) => ({ p95: ofQuantile(all, 0.95), median: ofQuantile(all, 0.5) });
  return { '24h': shown(took['24h']), '30d': shown(took['30d']) };
}

function check(found: unknown, expected: number, what: string): void {
  if (found !== expected) throw new Error(`${what} are ${found}, expected ${expected}`);
}

function questionOf(lengthMs: number): TopSqlQuestion {
  const span = { fromMs: NOW_MS - lengthMs, toMs: NOW_MS };
  return { span, filter: { namespaces: '*' }, groupBy: ['digest'], sort: 'time', limit: 50, offset: 0 };
}

/** Every proxy has digests of its own. */
async function writeNames(connection: Connection): Promise<void> {
  const seen = `'2025-01-01', '${timeOf(NOW_MS)}'`;
  await connection.query(`insert into scan_proxies (namespace, proxy, first_seen_at, last_seen_at)
    select concat('team-', seq % 10), ${proxyOf('seq')}, ${seen} from seq_0_to_${PROXIES - 1}`);
  await connection.query(`insert into sql_series
      (id, namespace, digest, hostgroup, schema_name, user_name, first_seen_at, last_seen_at)
    select ${seriesOf('p.seq', 'd.seq')}, concat('team-', p.seq % 10), ${digestOf('p.seq', 'd.seq')}, '10', 'orders', 'app', ${seen}
    from seq_0_to_${PROXIES - 1} p join seq_0_to_${DIGESTS - 1} d`);
  await connection.query(`insert into sql_digests (digest, text, first_seen_at, last_seen_at)
    select ${digestOf('p.seq', 'd.seq')}, concat('select * from orders where id = ? /* ', d.seq, ' */'), ${seen}
    from seq_0_to_${PROXIES - 1} p join seq_0_to_${DIGESTS - 1} d`);
}

/** Brings a store from one size to another; answers the rows that were written. */
async function fill(connections: readonly Connection[], store: Store, before: Store | undefined): Promise<number> {
  const work = [
    ...rowsOf('sql_stats', STEP_MS, store.minutesFromMs, before?.minutesFromMs ?? NOW_MS),
    ...rowsOf('sql_stats_hour', HOUR_MS, store.hoursFromMs, before?.hoursFromMs ?? HOUR_BEGIN_MS),
    ...rowsOf('sql_stats_day', DAY_MS, store.daysFromMs, before?.daysFromMs ?? TODAY_MS),
  ];
  if (before === undefined) {
    work.push(dirty('hour', HOUR_BEGIN_MS + HOUR_MS), dirty('day', TODAY_MS + DAY_MS));
  }
  let written = 0;
  const queue = work.values();
  await Promise.all(
    connections.map(async (connection) => {
      for (const statement of queue) {
        const [result] = await connection.query(statement);
        written += (result as { affectedRows: number }).affectedRows;
      }
    }),
  );
  return written;
}

/** The running hour and day are not summed up yet. */
function dirty(level: string, toMs: number): string {
  return `insert into sql_stats_dirty (level, to_at, proxy)
    select '${level}', '${timeOf(toMs)}', ${proxyOf('seq')} from seq_0_to_${PROXIES - 1}`;
}

/** In the order of the key, some proxies at a time. */
function rowsOf(table: string, unitMs: number, beginMs: number, endMs: number): string[] {
  const [atOnce, minutes, units] = [10, unitMs / MINUTE_MS, (endMs - beginMs) / unitMs];
  const isFine = table === 'sql_stats';
  return Array.from({ length: units > 0 ? PROXIES / atOnce : 0 }, (_, i) => {
    const toAt = `timestamp'${timeOf(beginMs)}' + interval t.seq * ${minutes} minute`;
    const fromAt = isFine ? `, ${toAt} - interval 1 minute` : '';
    return `insert into ${table} (${KEYS}${isFine ? ', from_at' : ''}, ${SUMS})
      select ${proxyOf('p.seq')}, ${toAt}, ${seriesOf('p.seq', 'd.seq')}${fromAt}, ${minutes},
        ${minutes} * (1000 + d.seq * 37), ${minutes} * 3, ${minutes}, 10, 91000
      from seq_${i * atOnce}_to_${(i + 1) * atOnce - 1} p join seq_1_to_${units} t join seq_0_to_${DIGESTS - 1} d`;
  });
}

function proxyOf(number: string): string {
  return `concat('proxy-', lpad(${number}, 3, '0'))`;
}

function digestOf(proxy: string, digest: string): string {
  return `concat('0x', lpad(hex(${proxy} * 1000 + ${digest}), 16, '0'))`;
}

function seriesOf(proxy: string, digest: string): string {
  return `(${proxy} * 1000 + ${digest}) * 1000000007`;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

if (import.meta.main) console.table(await topSql());
