import { sql } from 'kysely';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';
import { datetimeOf } from './fit.ts';
import {
  addPartitions,
  dropPartitions,
  expiredDays,
  fetchPartitions,
  floorMsOf,
  missingDays,
  type Partitions,
} from './partitions.ts';
import { DEFAULT_RETENTION, daysByTable, type ScanRetention } from './retention.ts';
import { hasDirty, type Level, rollUp } from './roll-up.ts';
import { PARTITIONED, type PartitionedTable } from './upsert-table.ts';

const DEFAULT_MAX_ROLL_UPS = 2_000;
const PURGED_AT_ONCE = 1_000;
/** Names outlive the last rows that refer to them: a process writes when it saw one only once a day. */
const NAME_MARGIN_DAYS = 7;
const LOCK = sql`concat('proxywatch:scan:', md5(database()))`;

const TABLES = Object.keys(PARTITIONED) as readonly PartitionedTable[];
/** What must be summed up of a table before its rows go. */
const SUMMED_UP: Readonly<Partial<Record<PartitionedTable, Level>>> = { sql_stats: 'hour', sql_stats_hour: 'day' };

export interface MaintenanceOptions {
  readonly nowMs: number;
  /** @default DEFAULT_RETENTION */
  readonly retention?: ScanRetention;
  /** Hours of proxies, and days of proxies, that one call sums up. @default 2000 */
  readonly maxRollUps?: number;
  /** Looked at between statements: one that runs is not abandoned, the connection would go back with its locks. */
  readonly signal?: AbortSignal;
}

export interface MaintenanceOutcome {
  /** `busy`: somebody else is at it, nothing was done. `more`: the bound was reached, the next call goes on. */
  readonly kind: 'done' | 'more' | 'busy';
  readonly partitionsAdded: number;
  readonly partitionsDropped: number;
  /** Of proxies. */
  readonly hoursRolledUp: number;
  readonly daysRolledUp: number;
  readonly namesPurged: number;
}

/**
 * Keeps the scanner's tables: makes partitions a week ahead, sums minutes up to hours and hours to days, drops what the
 * retention no longer keeps. To be called every minute or so; a call that was cut off is gone on with by the next one,
 * and of two at once one is `busy`. `db` should allow its statements longer than everyday ones: a minute. Rejects with
 * STORE_UNAVAILABLE or CONFIG_INVALID.
 */
export function maintainScanTables(db: Dcdb, options: MaintenanceOptions): Promise<MaintenanceOutcome> {
  const { nowMs, retention = DEFAULT_RETENTION, maxRollUps = DEFAULT_MAX_ROLL_UPS, signal } = options;
  return accessDcdb(async () => {
    const days = daysByTable(retention);
    // All over the one connection that holds the lock: whoever loses it can do no more.
    return await db.connection().execute(async (connection) => {
      signal?.throwIfAborted();
      const { rows } = await sql<{ taken: number }>`select get_lock(${LOCK}, 0) as taken`.execute(connection);
      if (Number(rows[0]?.taken) !== 1) return NOTHING;
      try {
        return await maintain(connection, nowMs, days, maxRollUps, signal);
      } finally {
        // A connection that is gone has let go of it already.
        await sql`do release_lock(${LOCK})`.execute(connection).catch(() => {});
      }
    });
  });
}

const NOTHING: MaintenanceOutcome = {
  kind: 'busy',
  partitionsAdded: 0,
  partitionsDropped: 0,
  hoursRolledUp: 0,
  daysRolledUp: 0,
  namesPurged: 0,
};

async function maintain(
  db: Dcdb,
  nowMs: number,
  days: Readonly<Record<PartitionedTable, number>>,
  maxRollUps: number,
  signal: AbortSignal | undefined,
): Promise<MaintenanceOutcome> {
  const partitions = await fetchPartitions(db);
  const partitionsAdded = await addMissing(db, partitions, nowMs, days, signal);
  for (const table of TABLES) await raiseFloor(db, table, floorMsOf(nowMs, days[table]));
  const hoursRolledUp = await rollUp(db, 'hour', nowMs, maxRollUps, signal);
  const daysRolledUp = await rollUp(db, 'day', nowMs, maxRollUps, signal);
  const partitionsDropped = await dropExpired(db, partitions, nowMs, days, signal);
  const namesPurged = await purgeNames(db, floorMsOf(nowMs, days.sql_stats_day + NAME_MARGIN_DAYS));
  const isCut = hoursRolledUp >= maxRollUps || daysRolledUp >= maxRollUps || namesPurged >= PURGED_AT_ONCE;
  return {
    kind: isCut ? 'more' : 'done',
    partitionsAdded,
    partitionsDropped,
    hoursRolledUp,
    daysRolledUp,
    namesPurged,
  };
}

async function addMissing(
  db: Dcdb,
  partitions: Partitions,
  nowMs: number,
  days: Readonly<Record<PartitionedTable, number>>,
  signal: AbortSignal | undefined,
): Promise<number> {
  let added = 0;
  for (const table of TABLES) {
    signal?.throwIfAborted();
    const missing = missingDays(partitions.get(table) ?? [], nowMs, days[table]);
    if (missing.length > 0) await addPartitions(db, table, missing);
    added += missing.length;
  }
  return added;
}

/**
 * From here on sinks take no older rows, so that nobody can mark an hour whose rows are about to go. A floor never sinks:
 * what is gone does not come back with a longer retention.
 */
async function raiseFloor(db: Dcdb, table: PartitionedTable, floorMs: number): Promise<void> {
  const floor = datetimeOf(Math.max(0, floorMs));
  // Looked at first without a lock: it rises once a day, and writers hold it all the time.
  const { rows } = await sql`
    select 1 from scan_floors where table_name = ${table} and kept_after >= ${floor}`.execute(db);
  if (rows.length > 0) return;
  await sql`insert into scan_floors (table_name, kept_after) values (${table}, ${floor})
    on duplicate key update kept_after = greatest(kept_after, values(kept_after))`.execute(db);
}

async function dropExpired(
  db: Dcdb,
  partitions: Partitions,
  nowMs: number,
  days: Readonly<Record<PartitionedTable, number>>,
  signal: AbortSignal | undefined,
): Promise<number> {
  let dropped = 0;
  for (const table of TABLES) {
    signal?.throwIfAborted();
    const floorMs = floorMsOf(nowMs, days[table]);
    const expired = expiredDays(partitions.get(table) ?? [], floorMs);
    const level = SUMMED_UP[table];
    if (expired.length === 0 || (level !== undefined && (await hasDirty(db, level, floorMs)))) continue;
    await dropPartitions(db, table, expired);
    dropped += expired.length;
  }
  return dropped;
}

async function purgeNames(db: Dcdb, beforeMs: number): Promise<number> {
  if (beforeMs < 0) return 0;
  let purged = 0;
  for (const table of ['sql_series', 'sql_digests', 'scan_proxies']) {
    const { numAffectedRows = 0n } = await sql`
      delete from ${sql.table(table)} where last_seen_at < ${datetimeOf(beforeMs)}
      limit ${sql.lit(PURGED_AT_ONCE)}`.execute(db);
    purged = Math.max(purged, Number(numAffectedRows));
  }
  return purged;
}
