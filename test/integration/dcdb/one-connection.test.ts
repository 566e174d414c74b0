import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createDcdb, type Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { migrateDcdb } from '@proxywatch/core/drivers/dcdb/migrate-dcdb';
import { createDcdbSink } from '@proxywatch/core/drivers/dcdb/scan/dcdb-sink';
import { sql } from 'kysely';
import { type MariadbService, startMariadb } from '../../../infra/local/services/mariadb.ts';
import { allOf, batchOf, keyLogOf, NOW_MS, slowSqlOf, statsOf } from './scan-batches.ts';

let server: MariadbService;
let db: Dcdb;

beforeAll(async () => {
  server = await startMariadb();
  db = createDcdb(server.url, { maxConnections: 1 });
  await migrateDcdb(db);
});
afterAll(async () => {
  await db?.destroy();
  await server?.stop();
});

test('one connection is enough for all that an invocation with 25 proxies has to write at once', async () => {
  const sink = createDcdbSink(db);
  const proxies = Array.from({ length: 25 }, (_, i) => `px${i}`);
  const ofProxy = (proxy: string) => [
    batchOf(Array.from({ length: 200 }, (_, i) => ({ ...statsOf(`0x${i}`, NOW_MS), proxy }))),
    batchOf([{ ...slowSqlOf(proxy), proxy }]),
    batchOf([{ ...keyLogOf(proxy), proxy }]),
  ];
  await Promise.all(proxies.flatMap(ofProxy).map((batch) => sink.write(batch, AbortSignal.timeout(60_000))));
  expect(await allOf(db, 'sql_stats')).toHaveLength(25 * 200);
  expect(await allOf(db, 'slow_sql')).toHaveLength(25);
  expect(await allOf(db, 'key_logs')).toHaveLength(25);
  const { rows } = await sql<{ Value: string }>`show global status like 'Max_used_connections'`.execute(db);
  expect(Number(rows[0]?.Value)).toBeLessThanOrEqual(2);
});
