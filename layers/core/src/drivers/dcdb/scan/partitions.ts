import { sql } from 'kysely';
import type { Dcdb } from '../create-dcdb.ts';
import { datetimeOf } from './fit.ts';
import { PARTITIONED, type PartitionedTable } from './upsert-table.ts';

const DAYS_AHEAD = 7;
/** Partitions that one statement makes: after a long absence the rest comes with the next calls. */
const MAX_NEW = 100;
const DAY_MS = 86_400_000;
const MIDNIGHT = '00:00:00.001';

/** Days (days since the epoch) of the daily partitions of each table, in order. */
export type Partitions = ReadonlyMap<PartitionedTable, readonly number[]>;

export async function fetchPartitions(db: Dcdb): Promise<Partitions> {
  const { rows } = await sql<{ table: PartitionedTable; name: string }>`
    select table_name as \`table\`, partition_name as name from information_schema.partitions
    where table_schema = database() and table_name in (${sql.join(Object.keys(PARTITIONED))})
      and partition_name like 'p2%' order by table_name, partition_name`.execute(db);
  const days = new Map<PartitionedTable, number[]>();
  for (const { table, name } of rows) days.set(table, [...(days.get(table) ?? []), dayOfPartition(name)]);
  return days;
}

/** Days to make partitions for: without a gap from the newest one, or from today, to a week from now. */
export function missingDays(known: readonly number[], nowMs: number, keptDays: number): readonly number[] {
  const today = Math.floor(nowMs / DAY_MS);
  const newest = known.at(-1);
  // After a long absence nobody needs days that would be dropped at once: the first partition takes all before it.
  const first = newest === undefined ? today : Math.max(newest + 1, today - keptDays);
  const count = Math.min(Math.max(0, today + DAYS_AHEAD - first + 1), MAX_NEW);
  return Array.from({ length: count }, (_, i) => first + i);
}

/** The end of what is kept no longer, epoch milliseconds: a midnight at least `keptDays` ago. */
export function floorMsOf(nowMs: number, keptDays: number): number {
  return (Math.floor(nowMs / DAY_MS) - keptDays) * DAY_MS;
}

/** Days whose partitions hold nothing that is kept. */
export function expiredDays(known: readonly number[], floorMs: number): readonly number[] {
  return known.filter((day) => (day + 1) * DAY_MS <= floorMs);
}

/** Takes the days out of `pmax`, with whatever rows of theirs it holds. */
export async function addPartitions(db: Dcdb, table: PartitionedTable, days: readonly number[]): Promise<void> {
  const parts = days.map((day) => {
    const bound = `${dateOf(day + 1)} ${MIDNIGHT}`;
    return `partition ${partitionOf(day)} values less than ('${bound}')`;
  });
  await sql`alter table ${sql.table(table)} reorganize partition pmax into
    (${sql.raw([...parts, 'partition pmax values less than (maxvalue)'].join(', '))})`.execute(db);
}

export async function dropPartitions(db: Dcdb, table: PartitionedTable, days: readonly number[]): Promise<void> {
  const names = days.map(partitionOf).join(', ');
  await sql`alter table ${sql.table(table)} drop partition ${sql.raw(names)}`.execute(db);
}

/** p20261103 holds what is after 3 November, 00:00:00, up to and including 4 November, 00:00:00 UTC. */
function partitionOf(day: number): string {
  return `p${dateOf(day).replaceAll('-', '')}`;
}

function dayOfPartition(name: string): number {
  return Date.parse(`${name.slice(1, 5)}-${name.slice(5, 7)}-${name.slice(7, 9)}T00:00:00Z`) / DAY_MS;
}

function dateOf(day: number): string {
  return datetimeOf(day * DAY_MS).slice(0, 10);
}
