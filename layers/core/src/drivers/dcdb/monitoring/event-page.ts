import { type Expression, type SqlBool, sql } from 'kysely';
import type { StatsSpan } from '../../../domain/monitoring/stats-plan.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { datetimeOf } from '../scan/fit.ts';
import { PARTITIONED, type PartitionedTable } from '../scan/upsert-table.ts';
import { atOneMoment } from './one-moment.ts';
import { fetchScannedProxies } from './scan-proxies.ts';

/** Tables of events. */
export type EventTable = Extract<PartitionedTable, 'sql_errors' | 'slow_sql' | 'slow_transactions' | 'key_logs'>;

export interface EventQuestion {
  readonly table: EventTable;
  /** By name. */
  readonly columns: readonly string[];
  readonly span: StatsSpan;
  readonly namespaces: readonly string[] | '*';
  readonly proxies?: readonly string[] | undefined;
  /** What rows must be besides, of columns of the table. */
  readonly conditions: readonly Expression<SqlBool>[];
  /** Behind this event; from the newest without it. */
  readonly after?: EventPosition | undefined;
  readonly limit: number;
}

export interface EventPosition {
  readonly atMs: number;
  readonly eventId: string;
}

export type EventRow = Readonly<Record<string, unknown>>;

export interface EventPage {
  /** Newest first. */
  readonly rows: readonly EventRow[];
  /** Where the next page begins; undefined: this is the last one. */
  readonly next: EventPosition | undefined;
  /** What is older is not kept, epoch milliseconds. */
  readonly keptAfterMs: number;
}

/** The newest piece of a span is looked through first; each further one is so many times as long. */
const FIRST_PIECE_MS = 3_600_000;
const GROWTH = 4;
/** Rows are looked up by proxy where these are not more. */
const MAX_PROXIES = 1_000;

/**
 * A page of events, newest first. The span is looked through from its end, piece by piece, so that a page of the latest
 * events costs little however long the span is. Rejects with STORE_UNAVAILABLE or the signal's reason.
 */
export function fetchEventPage(db: Dcdb, question: EventQuestion, signal?: AbortSignal): Promise<EventPage> {
  return atOneMoment(
    db,
    async (tx) => {
      const { table, span, after, limit, namespaces } = question;
      const keptAfterMs = await fetchFloor(tx, table);
      // Events are noted a while after they happened, so a proxy's last day may be any later one.
      const proxies = await fetchScannedProxies(tx, { ...question, sinceMs: span.fromMs });
      const rows: EventRow[] = [];
      if (namespaces.length > 0 && proxies.length > 0) {
        const end = Math.min(span.toMs, after?.atMs ?? span.toMs);
        for (const piece of piecesOf({ fromMs: Math.max(span.fromMs, keptAfterMs), toMs: end })) {
          signal?.throwIfAborted();
          rows.push(...(await fetchPiece(tx, question, piece, proxies, limit + 1 - rows.length)));
          if (rows.length > limit) break;
        }
      }
      const shown = rows.slice(0, limit);
      const last = shown.at(-1);
      const next = rows.length > limit && last !== undefined ? positionOf(table, last) : undefined;
      return { rows: shown, next, keptAfterMs };
    },
    signal,
  );
}

/** From the end; together they are the span. */
function* piecesOf({ fromMs, toMs }: StatsSpan): Generator<StatsSpan> {
  let lengthMs = FIRST_PIECE_MS;
  for (let end = toMs; end > fromMs; end -= lengthMs, lengthMs *= GROWTH) {
    yield { fromMs: Math.max(fromMs, end - lengthMs), toMs: end };
  }
}

async function fetchPiece(
  db: Dcdb,
  { table, columns, namespaces, conditions, after }: EventQuestion,
  { fromMs, toMs }: StatsSpan,
  proxies: readonly string[],
  limit: number,
): Promise<readonly EventRow[]> {
  const at = sql.ref(PARTITIONED[table]);
  const where = [
    sql`${at} > ${datetimeOf(fromMs)} and ${at} <= ${datetimeOf(toMs)}`,
    ...(namespaces === '*' ? [] : [sql`namespace in (${sql.join(namespaces)})`]),
    ...(proxies.length > MAX_PROXIES ? [] : [sql`proxy in (${sql.join(proxies)})`]),
    ...(after === undefined
      ? []
      : [
          sql`(${at} < ${datetimeOf(after.atMs)} or (${at} = ${datetimeOf(after.atMs)} and event_id < ${after.eventId}))`,
        ]),
    ...conditions,
  ];
  const { rows } = await sql<EventRow>`
    select ${sql.join([...columns.map((name) => sql.ref(name)), sql.ref('event_id')])} from ${sql.table(table)}
    where ${sql.join(where, sql` and `)} order by ${at} desc, event_id desc limit ${sql.lit(limit)}`.execute(db);
  return rows;
}

async function fetchFloor(db: Dcdb, table: EventTable): Promise<number> {
  const row = await db
    .selectFrom('scan_floors')
    .select('kept_after')
    .where('table_name', '=', table)
    .executeTakeFirst();
  return row?.kept_after.getTime() ?? 0;
}

function positionOf(table: EventTable, row: EventRow): EventPosition {
  const at = row[PARTITIONED[table]];
  return { atMs: at instanceof Date ? at.getTime() : 0, eventId: String(row.event_id) };
}
