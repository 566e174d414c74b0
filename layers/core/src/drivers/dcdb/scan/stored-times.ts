import { sql, type Transaction } from 'kysely';
import type { DcdbTables } from '../tables.ts';
import { datetimeOf } from './fit.ts';
import { PARTITIONED, type Row, type UpsertTable } from './upsert-table.ts';

const LOOK_UP = 500;
/** How far two readings of an event's time may lie apart. */
const WINDOW_MS = 86_400_000;
const EVENT_ID = 2;

/**
 * The rows with the times under which their events stand in the table already. An event's time is reckoned from the clock
 * of its proxy, and may come out a little different when it is read again; as part of the key it would make two of one.
 */
export async function storedTimesOf(
  tx: Transaction<DcdbTables>,
  table: UpsertTable,
  rows: readonly Row[],
): Promise<readonly Row[]> {
  const timeOf = new Map<string, number>();
  const column = sql.ref(PARTITIONED[table.name]);
  for (let i = 0; i < rows.length; i += LOOK_UP) {
    const slice = rows.slice(i, i + LOOK_UP);
    const times = slice.map(({ timeMs }) => timeMs);
    const stored = await sql<{ event_id: string; at: Date }>`
      select event_id, ${column} as at from ${sql.table(table.name)}
      where event_id in (${sql.join(slice.map(eventIdOf))})
        and ${column} between ${datetimeOf(Math.max(0, Math.min(...times) - WINDOW_MS))}
        and ${datetimeOf(Math.max(...times) + WINDOW_MS)}`.execute(tx);
    for (const { event_id, at } of stored.rows) timeOf.set(event_id, at.getTime());
  }
  return rows.map((row) => {
    const id = eventIdOf(row);
    const timeMs = timeOf.get(id);
    if (timeMs === undefined) timeOf.set(id, row.timeMs);
    return timeMs === undefined || timeMs === row.timeMs ? row : movedTo(row, timeMs);
  });
}

function eventIdOf({ values }: Row): string {
  return String(values[EVENT_ID]);
}

function movedTo({ values }: Row, timeMs: number): Row {
  return { timeMs, values: values.with(1, datetimeOf(timeMs)) };
}
