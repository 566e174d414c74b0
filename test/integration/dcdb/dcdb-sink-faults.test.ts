import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createDcdb, type Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { migrateDcdb } from '@proxywatch/core/drivers/dcdb/migrate-dcdb';
import { createDcdbSink } from '@proxywatch/core/drivers/dcdb/scan/dcdb-sink';
import { sql } from 'kysely';
import { type MariadbService, startMariadb } from '../../../infra/local/services/mariadb.ts';
import { type Answer, startFakeMysql } from '../../support/fake-mysql.ts';
import { until } from '../../support/until.ts';
import { allOf, batchOf, emptyScanTables, errorsOf, slowSqlOf, statsOf } from './scan-batches.ts';

const LITERAL = 'hunter2';
const batch = batchOf([slowSqlOf('s', { text: LITERAL })]);
const UNAVAILABLE = { code: 'SINK_UNAVAILABLE' };

/** A sink of a server that answers as `answer` says; statements that came are in `seen`. */
async function withFake(
  answer: (statement: string) => Promise<Answer>,
  run: (sink: ReturnType<typeof createDcdbSink>, seen: readonly string[]) => Promise<void>,
): Promise<void> {
  const server = await startFakeMysql(answer);
  const sink = createDcdbSink(createDcdb(`mysql://u:p@127.0.0.1:${server.port}/proxywatch`), { random: () => 0 });
  try {
    await run(sink, server.seen);
  } finally {
    await server.stop();
    await sink.close();
  }
}

const countOf = (seen: readonly string[], begin: string) => seen.filter((text) => text.startsWith(begin)).length;

describe('a DCDB that fails a batch', () => {
  test('is unavailable when nothing listens', async () => {
    const sink = createDcdbSink(createDcdb('mysql://u:p@127.0.0.1:1/proxywatch'));
    await expect(sink.write(batch)).rejects.toMatchObject(UNAVAILABLE);
    await sink.close();
  });

  test('is given up by whoever has no more time, at once', async () => {
    const never = new Promise<Answer>(() => {});
    await withFake(
      (text) => (text.startsWith('insert') ? never : Promise.resolve({ ok: true })),
      async (sink, seen) => {
        const controller = new AbortController();
        const written = sink.write(batch, controller.signal);
        await until('a statement runs', () => countOf(seen, 'insert') === 1);
        controller.abort();
        await expect(written).rejects.toMatchObject(UNAVAILABLE);
        await expect(sink.write(batch, controller.signal)).rejects.toMatchObject(UNAVAILABLE);
      },
    );
  });

  test('is asked again when another transaction was in the way', async () => {
    let inserts = 0;
    await withFake(
      async (text) => (text.startsWith('insert into slow_sql') && ++inserts <= 2 ? { errno: 1213 } : { ok: true }),
      async (sink, seen) => {
        await sink.write(batch);
        expect([countOf(seen, 'begin'), countOf(seen, 'rollback'), countOf(seen, 'commit')]).toEqual([3, 2, 1]);
      },
    );
  });

  test('is not asked for ever', async () => {
    await withFake(
      async (text) => (text.startsWith('insert into slow_sql') ? { errno: 1205 } : { ok: true }),
      async (sink, seen) => {
        await expect(sink.write(batch)).rejects.toMatchObject(UNAVAILABLE);
        expect([countOf(seen, 'begin'), countOf(seen, 'commit')]).toEqual([6, 0]);
      },
    );
  });

  test.each([
    ['does not know its tables', 1146],
    ['does not understand', 1064],
    ['has no room', 1114],
  ])('is unavailable when it %s, without telling what was to be written', async (_, errno) => {
    await withFake(
      async (text) => (text.startsWith('insert') ? { errno } : { ok: true }),
      async (sink) => {
        const error = await sink.write(batch).catch((caught: unknown) => caught);
        expect(error).toMatchObject(UNAVAILABLE);
        expect(JSON.stringify([error, String(error), Object(error).cause])).not.toContain(LITERAL);
      },
    );
  });
});

describe('a batch that was cut off', () => {
  let server: MariadbService;
  let db: Dcdb;
  beforeAll(async () => {
    server = await startMariadb();
    db = createDcdb(server.url);
    await migrateDcdb(db);
  });
  beforeEach(() => emptyScanTables(db));
  afterAll(async () => {
    await db?.destroy();
    await server?.stop();
  });

  test('is not there in part, and is there once when it comes again', async () => {
    const mixed = batchOf([errorsOf('a'), errorsOf('b'), statsOf('0xA', Date.UTC(2026, 10, 3, 12))]);
    const victim = createDcdb(server.url, { maxConnections: 1 });
    const { rows } = await sql<{ id: number }>`select connection_id() as id`.execute(victim);
    const sink = createDcdbSink(victim);
    await db.connection().execute(async (connection) => {
      // The last table that the batch is written to.
      await sql`lock tables sql_stats_dirty write`.execute(connection);
      const written = sink.write(mixed);
      const failure = expect(written).rejects.toMatchObject(UNAVAILABLE);
      await until('the batch waits', async () => {
        const waiting = await sql`
          select 1 from information_schema.processlist where id = ${rows[0]?.id} and state like 'Waiting for%'`.execute(
          db,
        );
        return waiting.rows.length === 1;
      });
      await sql`kill connection ${sql.lit(rows[0]?.id)}`.execute(db);
      await failure;
      await sql`unlock tables`.execute(connection);
    });
    expect([await allOf(db, 'sql_errors'), await allOf(db, 'sql_stats')]).toEqual([[], []]);
    await sink.write(mixed);
    await sink.write(mixed);
    expect(await allOf(db, 'sql_errors')).toHaveLength(2);
    expect(await allOf(db, 'sql_stats')).toHaveLength(1);
    await sink.close();
  });

  test('finds the database again after it was away', async () => {
    const client = createDcdb(server.url, { maxConnections: 2 });
    const sink = createDcdbSink(client);
    await sink.write(batchOf([errorsOf('a')]));
    const { rows } = await sql<{ id: number }>`
      select id from information_schema.processlist where id <> connection_id() and db = database()`.execute(db);
    for (const { id } of rows) await sql`kill connection ${sql.lit(id)}`.execute(db).catch(() => undefined);
    await until('the batch is written', () =>
      sink.write(batchOf([errorsOf('b')])).then(
        () => true,
        () => false,
      ),
    );
    expect(await allOf(db, 'sql_errors')).toHaveLength(2);
    await sink.close();
  });
});
