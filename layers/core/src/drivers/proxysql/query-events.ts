import { ProxywatchError } from '../../domain/errors.ts';
import type { QueryEvent, QueryEvents } from '../../domain/processlist.ts';
import type { QueryEventRequest } from '../../ports/proxy-driver.ts';
import { type Command, countOf, decodeText, malformed, type Query, type Row, textOf } from './cells.ts';
import { rowsByPart, unionStatement } from './parts.ts';
import { STATEMENT_CHARACTERS } from './processlist.ts';
import { NOW, shortened, UPTIME } from './statements.ts';

/**
 * Moves what the proxy recorded from its ring to the table, where it gets its ids. In upper case, as ProxySQL compares it
 * letter by letter, and for every credential (source).
 */
export const DUMP = 'DUMP EVENTSLOG FROM BUFFER TO MEMORY';

const MICROSECONDS_PER_MS = 1_000;

/** Versions spell the counters of the logger with a dash (documentation) or an underscore (source). */
const counterOf = (name: string) =>
  `(SELECT variable_value FROM stats_mysql_global WHERE variable_name IN ('MySQL_Logger_${name}','MySQL_Logger-${name}'))`;
const HEAD =
  `SELECT ${NOW},(${UPTIME}),${counterOf('circularBufferEventsDroppedCount')},` +
  `${counterOf('getAllEventsEventsCount')},${counterOf('totalEventsCopiedToMemory')}`;

// Counters of failed executions are not set in some versions, and unsigned ones arrive as signed.
const DURATION = 'max(0,end_time-start_time)';
const EVENT_COLUMNS =
  `id,start_time,${DURATION},username,schemaname,query_digest,${shortened('query', STATEMENT_CHARACTERS)},` +
  'server,client,hid,max(0,ifnull(rows_sent,0)),max(0,ifnull(affected_rows,0)),max(0,ifnull(errno,0))';

export function queryEventsStatement({ afterId, limit, minDurationUs }: QueryEventRequest): string {
  for (const value of [afterId, limit, minDurationUs]) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new ProxywatchError('PROXY_STATEMENT', `a bound of query events is no whole number: ${value}`);
    }
  }
  const behind = `FROM stats_mysql_query_events WHERE id>${afterId}`;
  const slow = `${behind} AND ${DURATION}>=${minDurationUs} ORDER BY id LIMIT ${limit + 1}`;
  return unionStatement([
    ['head', { select: `${HEAD},(SELECT min(id) ${behind}),(SELECT max(id) ${behind})`, width: 7 }],
    ['event', { select: `SELECT ${EVENT_COLUMNS} ${slow}`, width: 13 }],
  ]);
}

export async function fetchQueryEvents(
  query: Query,
  command: Command,
  request: QueryEventRequest,
): Promise<QueryEvents> {
  const statement = queryEventsStatement(request);
  await command(DUMP);
  return parseQueryEvents(await query(statement), request.limit);
}

/** The answer to a query events statement. */
export function parseQueryEvents(answer: readonly Row[], limit: number): QueryEvents {
  const { head, event } = rowsByPart(answer, ['head', 'event'], 'query events');
  const [first] = head;
  if (first === undefined) throw malformed('no head of the query events');
  const dropped = droppedOf(first);
  return {
    proxyNowS: countOf(first, 0, 'now'),
    uptimeS: countOf(first, 1, 'ProxySQL_Uptime'),
    events: event.slice(0, limit).map(parseEvent),
    ...(first[5] && { ids: { oldest: countOf(first, 5, 'min(id)'), newest: countOf(first, 6, 'max(id)') } }),
    isCut: event.length > limit,
    ...(dropped !== undefined && { droppedSinceStart: dropped }),
  };
}

/** What fell out of the ring, and what left it without reaching the table: dumped to disk, or beyond the table's size. */
function droppedOf(head: Row): number | undefined {
  if (!head[2]) return undefined;
  const overrun = countOf(head, 2, 'circularBufferEventsDroppedCount');
  if (!head[3] || !head[4]) return overrun;
  const taken = countOf(head, 3, 'getAllEventsEventsCount');
  return overrun + Math.max(0, taken - countOf(head, 4, 'totalEventsCopiedToMemory'));
}

function parseEvent(row: Row): QueryEvent {
  const server = textOf(row, 7);
  const clientAddress = textOf(row, 8).replace(/:\d+$/, '');
  return {
    id: countOf(row, 0, 'id'),
    startedAtMs: Math.floor(countOf(row, 1, 'start_time') / MICROSECONDS_PER_MS),
    durationUs: countOf(row, 2, 'end_time - start_time'),
    user: textOf(row, 3),
    schema: textOf(row, 4),
    digest: textOf(row, 5),
    query: row[6] ? decodeText(row[6], STATEMENT_CHARACTERS) : '',
    ...(server !== '' && { server }),
    ...(clientAddress !== '' && { clientAddress }),
    hostgroup: textOf(row, 9),
    rowsSent: countOf(row, 10, 'rows_sent'),
    rowsAffected: countOf(row, 11, 'affected_rows'),
    errno: countOf(row, 12, 'errno'),
  };
}
