import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { CollectorName } from '@proxywatch/core/domain/scan/collectors';
import { createDcdb, type Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { migrateDcdb } from '@proxywatch/core/drivers/dcdb/migrate-dcdb';
import { createJsonLog } from '@proxywatch/core/drivers/log/json-log';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import type { Collect, ProxyReport } from '../../../functions/scanner/collect/collect.ts';
import { parseCollectConfig } from '../../../functions/scanner/collect/config.ts';
import { openCollect } from '../../../functions/scanner/collect/deps.ts';
import { startKafka } from '../../../infra/local/services/kafka.ts';
import type { MariadbService } from '../../../infra/local/services/mariadb.ts';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { readTopic } from '../../support/kafka-topic.ts';
import { closeLabs, failureOf, type Lab, startBackend, startLab } from '../../support/lab-traffic.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const ALL: readonly CollectorName[] = ['status', 'sqlStats', 'sqlErrors', 'slowTransactions', 'keyLogs'];

let redisServer: Service;
let kafka: Service;
let backend: MariadbService;
let db: Dcdb;
let redis: RedisClient;
let lab: Lab;
let id: string;
let scans = 0;
let logged: string[];
const open: Collect[] = [];

beforeAll(async () => {
  [redisServer, kafka, backend] = await Promise.all([startRedis(), startKafka(), startBackend()]);
  db = createDcdb(backend.url);
  await migrateDcdb(db);
  redis = createRedis(redisServer.url);
});
afterAll(async () => {
  await Promise.all([db?.destroy(), redis?.close()]);
  await Promise.all([redisServer?.stop(), kafka?.stop(), backend?.stop()]);
});
beforeEach(async () => {
  logged = [];
  id = `lab-${++scans}`;
  lab = await startLab(backend.port);
});
afterEach(async () => {
  for (const collect of open.splice(0)) await collect.close();
  await closeLabs();
});

/** A scanner process with real stores and sinks. */
function scanner(env: Readonly<Record<string, string>> = {}): Collect {
  const credentials = join(temporaryFolder(), 'credentials.json');
  writeFileSync(credentials, JSON.stringify({ stats: { user: 'stats', password: 'stats' } }));
  const config = parseCollectConfig({
    REDIS_URL: redisServer.url,
    DCDB_URL: backend.url,
    KAFKA_BROKERS: kafka.url,
    PROXY_CREDENTIALS_FILE: credentials,
    SCAN_SAMPLE_MS: '200',
    SLOW_TRANSACTION_MS: '1000',
    ...env,
  });
  const collect = openCollect(
    config,
    createJsonLog((line) => logged.push(line)),
  );
  open.push(collect);
  return collect;
}

async function collectFrom(
  collect: Collect,
  collectors: readonly CollectorName[] = ALL,
  { windowMs = 0, adminPort = lab.adminPort } = {},
): Promise<ProxyReport> {
  const proxy = {
    id,
    kind: 'proxysql',
    namespace: 'shop',
    adminHost: '127.0.0.1',
    adminPort,
    adminTls: false,
    statsCredentialRef: 'stats',
  };
  const request = { version: 1, tickMs: Date.now(), windowMs, proxies: [{ proxy, collectors }] } as const;
  const { proxies } = await collect.collect(request, new AbortController().signal, Date.now() + windowMs + 60_000);
  return proxies[0]!;
}

const statusInRedis = async () =>
  JSON.parse(String(await redis.call('GET', [`{pw:${id}}:scan:status`]))) as Record<string, unknown>;

/** All of the topic, once it has as many events as the DCDB. */
async function keyLogsInKafka() {
  const rows = await db.selectFrom('key_logs').select('event_id').execute();
  return readTopic(kafka.url, 'proxywatch.key-logs.v1', rows.length);
}

describe('a scan of a proxy under real traffic', () => {
  test('brings each kind of record to its sinks', async () => {
    const collect = scanner();
    const client = await lab.client();
    await failureOf(client.query('SELECT * FROM nope'));
    const first = await collectFrom(collect);
    expect(first).toMatchObject({ outcome: 'collected', pending: 0, refused: 0 });
    expect(first.collectors.filter(({ problem }) => problem)).toEqual([]);

    for (let i = 0; i < 5; i++) await client.query('SELECT n FROM stock WHERE sku = ?', ['a']);
    for (let i = 0; i < 3; i++) await failureOf(client.query('SELECT * FROM nope'));
    const second = await collectFrom(collect);
    expect(second).toMatchObject({ outcome: 'collected', pending: 0 });

    expect(await statusInRedis()).toMatchObject({
      proxy: id,
      reachable: true,
      status: { version: expect.any(String) },
    });
    const stats = await db
      .selectFrom('sql_stats')
      .innerJoin('sql_series', 'sql_series.id', 'sql_stats.series_id')
      .innerJoin('sql_digests', 'sql_digests.digest', 'sql_series.digest')
      .select(['text', 'executions', 'user_name'])
      .where('proxy', '=', id)
      .where('text', 'like', '%FROM stock%')
      .execute();
    expect(stats).toEqual([{ text: 'SELECT n FROM stock WHERE sku = ?', executions: 5, user_name: 'app_rw' }]);
    const errors = await db.selectFrom('sql_errors').selectAll().where('proxy', '=', id).execute();
    expect(errors).toEqual([
      expect.objectContaining({
        errno: 1146,
        error_count: 3,
        source: 'backend',
        user_name: 'app_rw',
        schema_name: 'shop',
      }),
    ]);
  });

  test('sees a restart once, in the DCDB and in Kafka', async () => {
    const collect = scanner();
    await collectFrom(collect, ['keyLogs']);
    await until('it has run for a second', async () => {
      const [row] = await lab.admin(
        "SELECT variable_value FROM stats_mysql_global WHERE variable_name='ProxySQL_Uptime'",
      );
      return Number(Object.values(row ?? {})[0]) >= 1;
    });
    await collectFrom(collect, ['keyLogs']);
    const { dataDir } = lab;
    await lab.stop();
    lab = await startLab(backend.port, { dataDir });
    for (let i = 0; i < 2; i++) await collectFrom(collect, ['keyLogs']);
    const events = await db.selectFrom('key_logs').selectAll().where('proxy', '=', id).execute();
    expect(events.filter(({ event }) => event === 'restart')).toHaveLength(1);
    const messages = await keyLogsInKafka();
    const restarts = messages.filter(({ key, value }) => key === id && value.includes('"restart"'));
    expect(restarts).toHaveLength(1);
  });

  test('follows a transaction through the window', async () => {
    await lab.admin(
      "UPDATE global_variables SET variable_value='1' WHERE variable_name='mysql-show_processlist_extended'",
    );
    await lab.admin('LOAD MYSQL VARIABLES TO RUNTIME');
    const collect = scanner();
    const client = await lab.client();
    const scanning = collectFrom(collect, ['slowTransactions'], { windowMs: 7_000 });
    await client.query('BEGIN');
    await client.query("UPDATE stock SET n = n + 1 WHERE sku = 'a'");
    // Times that the proxy tells lag by up to two seconds.
    await client.query('SELECT SLEEP(3.5)');
    await client.query('COMMIT');
    expect(await scanning).toMatchObject({ outcome: 'collected', pending: 0 });
    const events = await db.selectFrom('slow_transactions').selectAll().where('proxy', '=', id).execute();
    expect(events).toEqual([expect.objectContaining({ state: 'closed', user_name: 'app_rw' })]);
  });
});

describe('a scan with trouble around it', () => {
  test('keeps what Kafka does not take in Redis, and brings it there later, in another process', async () => {
    const away = scanner({ KAFKA_BROKERS: `127.0.0.1:${await pickFreePort()}` });
    await collectFrom(away, ['keyLogs']);
    await lab.admin("INSERT INTO mysql_servers (hostgroup_id, hostname, port) VALUES (30, '127.0.0.1', 1)");
    await lab.admin('LOAD MYSQL SERVERS TO RUNTIME');
    const report = await collectFrom(away, ['keyLogs']);
    expect(report).toMatchObject({ outcome: 'collected', pending: 1 });
    const inDcdb = () => db.selectFrom('key_logs').select('event_id').where('proxy', '=', id).execute();
    const ids = (await inDcdb()).map(({ event_id }) => event_id);
    expect(ids.length).toBeGreaterThan(0);

    expect(await collectFrom(scanner(), ['keyLogs'])).toMatchObject({ pending: 0 });
    const messages = await keyLogsInKafka();
    const mine = messages.filter(({ key }) => key === id).map(({ headers }) => headers['event-id']);
    expect(mine.toSorted()).toEqual(ids.toSorted());
    expect(await inDcdb()).toHaveLength(ids.length);
  });

  test('says why a proxy is unreachable, and remembers it for dispatch', async () => {
    const report = await collectFrom(scanner(), ALL, { adminPort: await pickFreePort() });
    expect(report).toMatchObject({ outcome: 'unreachable', problem: { code: 'PROXY_UNREACHABLE' } });
    expect(await statusInRedis()).toMatchObject({
      reachable: false,
      problem: expect.stringContaining('PROXY_UNREACHABLE'),
    });
    expect(await redis.call('HEXISTS', ['{pw:scan}:failures', id])).toBe(1);
    await collectFrom(scanner());
    expect(await redis.call('HEXISTS', ['{pw:scan}:failures', id])).toBe(0);
  });

  test('leaves a proxy alone that another process scans', async () => {
    const [one, other] = [scanner(), scanner()];
    const running = collectFrom(one, ['slowTransactions'], { windowMs: 3_000 });
    await until('the lease is taken', async () => Number(await redis.call('EXISTS', [`{pw:${id}}:scan:lease`])) === 1);
    expect(await collectFrom(other)).toMatchObject({ outcome: 'busy' });
    expect(await running).toMatchObject({ outcome: 'collected' });
  });

  test('says nothing of passwords and values in its log', async () => {
    const collect = scanner({ KAFKA_BROKERS: `127.0.0.1:${await pickFreePort()}` });
    const client = await lab.client();
    await failureOf(client.query("SELECT 'hunter2' FROM nope"));
    for (let i = 0; i < 2; i++) await collectFrom(collect);
    expect(logged.join('')).not.toMatch(/hunter2|rw-secret|stats:stats|proxywatch:proxywatch/);
  });
});
