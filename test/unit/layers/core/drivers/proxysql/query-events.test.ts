import type { SQLInputValue } from 'node:sqlite';
import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  DUMP,
  fetchQueryEvents,
  parseQueryEvents,
  queryEventsStatement,
} from '../../../../../../layers/core/src/drivers/proxysql/query-events.ts';
import { openSqliteStats, type SqliteStats } from '../../../../../support/sqlite-stats.ts';

// As in ProxySQL's own test of the table; a lab proxy has none.
const TABLE = `CREATE TABLE stats_mysql_query_events (id INTEGER PRIMARY KEY AUTOINCREMENT, thread_id INTEGER, username TEXT,
  schemaname TEXT, start_time INTEGER, end_time INTEGER, query_digest TEXT, query TEXT, server TEXT, client TEXT,
  event_type INTEGER, hid INTEGER, extra_info TEXT, affected_rows INTEGER, last_insert_id INTEGER, rows_sent INTEGER,
  client_stmt_id INTEGER, gtid TEXT, errno INT, error TEXT)`;

let stats: SqliteStats;
beforeEach(() => {
  stats = openSqliteStats(900);
  stats.db.exec(TABLE);
});

const event = (fields: Readonly<Record<string, SQLInputValue>> = {}) =>
  stats.insert('stats_mysql_query_events', {
    thread_id: 7,
    username: 'app_rw',
    schemaname: 'shop',
    start_time: 1_795_341_224_132_509n,
    end_time: 1_795_341_225_632_734n,
    query_digest: '0x9BBCC31A86C3BD7C',
    query: 'SELECT SLEEP(1.5)',
    server: '127.0.0.1:3306',
    client: '10.0.0.9:55010',
    event_type: 0,
    hid: 20,
    affected_rows: 0,
    rows_sent: 1,
    errno: 0,
    ...fields,
  });
const logger = (values: Readonly<Record<string, number>>, separator = '_') =>
  Object.entries(values).forEach(([name, value]) => {
    stats.insert('stats_mysql_global', {
      Variable_Name: `MySQL_Logger${separator}${name}`,
      Variable_Value: `${value}`,
    });
  });
const commands: string[] = [];
const read = (afterId = 0, limit = 10, minDurationUs = 0) => {
  commands.length = 0;
  const command = async (statement: string) => void commands.push(statement);
  return fetchQueryEvents(stats.query, command, { afterId, limit, minDurationUs });
};

describe('query events', () => {
  test('are moved to their table first, and then read in the units of the domain', async () => {
    event();
    event({ errno: 1146, error: 'no such table', rows_sent: 0, affected_rows: 3 });
    const { events, isCut, uptimeS } = await read();
    expect(commands).toEqual([DUMP]);
    expect({ isCut, uptimeS }).toEqual({ isCut: false, uptimeS: 900 });
    expect(events).toMatchObject([{ id: 1 }, { id: 2, errno: 1146, rowsSent: 0, rowsAffected: 3 }]);
    expect(events[0]).toEqual({
      id: 1,
      startedAtMs: 1_795_341_224_132,
      durationUs: 1_500_225,
      user: 'app_rw',
      schema: 'shop',
      digest: '0x9BBCC31A86C3BD7C',
      query: 'SELECT SLEEP(1.5)',
      server: '127.0.0.1:3306',
      clientAddress: '10.0.0.9',
      hostgroup: '20',
      rowsSent: 1,
      rowsAffected: 0,
      errno: 0,
    });
  });

  test('go on behind the last one seen, oldest first, and say that more are waiting', async () => {
    for (let i = 0; i < 7; i++) event();
    const first = await read(2, 3);
    expect({ ids: first.events.map(({ id }) => id), isCut: first.isCut }).toEqual({ ids: [3, 4, 5], isCut: true });
    const rest = await read(5, 3);
    expect({ ids: rest.events.map(({ id }) => id), isCut: rest.isCut }).toEqual({ ids: [6, 7], isCut: false });
    expect((await read(7, 3)).events).toEqual([]);
  });

  test('that were quicker stay in the proxy, which tells up to which it has looked', async () => {
    for (let i = 1; i <= 9; i++) event({ start_time: 1_000_000, end_time: 1_000_000 + i * 100 });
    const { events, isCut, ids } = await read(2, 10, 700);
    expect(events.map(({ id, durationUs }) => [id, durationUs])).toEqual([
      [7, 700],
      [8, 800],
      [9, 900],
    ]);
    expect({ isCut, ids }).toEqual({ isCut: false, ids: { oldest: 3, newest: 9 } });
    expect(await read(2, 10, 5_000)).toMatchObject({ events: [], isCut: false, ids: { oldest: 3, newest: 9 } });
    expect(await read(2, 2, 700)).toMatchObject({ events: [{ id: 7 }, { id: 8 }], isCut: true });
    expect(await read(9, 10, 700)).not.toHaveProperty('ids');
  });

  test.each([
    ['nothing where the proxy does not tell', {}, undefined],
    ['the overruns of the ring', { circularBufferEventsDroppedCount: 4 }, 4],
    [
      'what left the ring without reaching the table too',
      { circularBufferEventsDroppedCount: 4, getAllEventsEventsCount: 100, totalEventsCopiedToMemory: 90 },
      14,
    ],
  ])('count as dropped %s', async (_case, counters, dropped) => {
    logger(counters);
    expect((await read()).droppedSinceStart).toBe(dropped);
  });

  test('know the counters by their documented names as well', async () => {
    logger({ circularBufferEventsDroppedCount: 3 }, '-');
    expect((await read()).droppedSinceStart).toBe(3);
  });

  test('survive what was never set: no server, no client, counters below zero, an end before its start', async () => {
    event({
      server: null,
      client: '',
      hid: -1,
      rows_sent: -1,
      affected_rows: null,
      errno: null,
      end_time: 0,
      query: null,
    });
    const { events } = await read();
    expect(events).toMatchObject([
      { hostgroup: '-1', durationUs: 0, rowsSent: 0, rowsAffected: 0, errno: 0, query: '' },
    ]);
    expect(events[0]).not.toHaveProperty('server');
    expect(events[0]).not.toHaveProperty('clientAddress');
  });

  test('cut a huge statement in the proxy', async () => {
    event({ query: 'é'.repeat(100_000) });
    expect((await read()).events[0]?.query).toBe('é'.repeat(4_096));
  });

  test.each([
    [-1, 1],
    [0.5, 1],
    [0, Number.NaN],
    [0, Number.POSITIVE_INFINITY],
    [0, 1, 0.5],
  ])('are not asked for after id %s with a limit of %s from %s us on', async (afterId, limit, minDurationUs = 0) => {
    await expect(read(afterId, limit, minDurationUs)).rejects.toMatchObject({ code: 'PROXY_STATEMENT' });
    expect(commands).toEqual([]);
  });

  test('are refused when a number is none', () => {
    const row = (...cells: string[]) => cells.map((cell) => Buffer.from(cell));
    const cells = ['event', 'x', '1', '1', 'u', 's', 'd', 'q', '', '', '1', '0', '0', '0'];
    expect(() => parseQueryEvents([row('head', '1', '1'), row(...cells)], 5)).toThrow('id is no exact whole number');
    expect(() => parseQueryEvents([], 5)).toThrow('no head');
  });

  test('never let a number into a statement that is none', () => {
    const statement = queryEventsStatement({ afterId: 5, limit: 10, minDurationUs: 7 });
    expect(statement).toContain('WHERE id>5 AND max(0,end_time-start_time)>=7 ORDER BY id LIMIT 11');
  });
});
