import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createDcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import { createRedisRegistry } from '@proxywatch/core/drivers/registry/redis-registry';
import { packFunctions } from '../../../infra/aws/packages/pack-functions.ts';
import { packLayers } from '../../../infra/aws/packages/pack-layers.ts';
import { startKafka } from '../../../infra/local/services/kafka.ts';
import { startMariadb } from '../../../infra/local/services/mariadb.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { arnOf, type FakeSecretsManager, startFakeSecretsManager } from '../../support/fake-secrets-manager.ts';
import { readTopic } from '../../support/kafka-topic.ts';
import { type LambdaApi, startLambdaApi } from '../../support/lambda-api.ts';
import { type LambdaSandbox, unpackLambda } from '../../support/lambda-sandbox.ts';
import { proxiesNamed, proxyNamed } from '../../support/scan-requests.ts';
import { digestOf, digestRow, type StatsAdmin, startStatsAdmin } from '../../support/stats-admin.ts';

const AWS = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example-secret' };

/** The schema as the layers bring it. */
const MIGRATION = `
const core = require('@proxywatch/core');
const db = core['drivers/dcdb/create-dcdb'].createDcdb(process.argv[2]);
core['drivers/dcdb/migrate-dcdb'].migrateDcdb(db).finally(() => db.destroy());
`;

let folder: string;
let lambda: LambdaSandbox;
let redis: Service;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'packed-functions-'));
  const [functions, { core, vendor }, server] = await Promise.all([
    packFunctions({ outDir: join(folder, 'packed') }),
    packLayers({ outDir: join(folder, 'packed') }),
    startRedis(),
  ]);
  redis = server;
  lambda = unpackLambda(join(folder, 'lambda'), {
    functions: Object.fromEntries(functions.map(({ name, path }) => [name, path])),
    layers: [core, vendor],
  });
});
afterAll(async () => {
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('the packed dispatch, unpacked as on Lambda', () => {
  let api: LambdaApi;
  beforeEach(async () => {
    api = await startLambdaApi();
  });
  afterEach(() => api?.close());

  test('dispatches a tick once, with nothing but its layers and the runtime', async () => {
    const client = createRedis(redis.url);
    await createRedisRegistry(client).publish({ proxies: proxiesNamed(3), source: 's', revision: 1 });
    await client.close();
    const event = { scheduledTime: new Date().toISOString() };
    const { outcomes, loaded, stdout } = await lambda.invoke('scanner-dispatch', [event, event], {
      ...AWS,
      AWS_ENDPOINT_URL_LAMBDA: api.client.endpoint,
      REDIS_URL: redis.url,
      SCAN_TICK_MS: '3600000',
      SCAN_COLLECT_FUNCTION: 'collect',
      SCAN_DEAD_LETTERS_URL: `${api.client.endpoint}/queue`,
    });
    expect(outcomes).toMatchObject([
      { kind: 'dispatched', run: { outcome: 'complete', due: 3, invocations: 3 } },
      { kind: 'refused' },
    ]);
    expect(api.accepted.map(({ proxies }) => proxies[0]?.proxy.id).sort()).toEqual(['shop-0', 'shop-1', 'shop-2']);
    expect(loaded.filter((path) => path.startsWith('..'))).toEqual([]);
    expect(stdout).not.toContain(AWS.AWS_SECRET_ACCESS_KEY);
  });

  test('rejects with an error that tells its code', async () => {
    const { outcomes } = await lambda.invoke('scanner-dispatch', [{}], { REDIS_URL: redis.url });
    expect(outcomes).toEqual([
      { code: 'CONFIG_INVALID', message: expect.stringContaining('SCAN_COLLECT_FUNCTION: not set') },
    ]);
  });
});

describe('the packed collect, unpacked as on Lambda', () => {
  let mariadb: Service;
  let kafka: Service;
  let proxy: StatsAdmin;
  let secrets: FakeSecretsManager;
  beforeAll(async () => {
    [mariadb, kafka, proxy, secrets] = await Promise.all([
      startMariadb(),
      startKafka(),
      startStatsAdmin(),
      startFakeSecretsManager(),
    ]);
  });
  afterAll(() => Promise.all([mariadb?.stop(), kafka?.stop(), proxy?.close(), secrets?.close()]));

  /** Each in a new process, as after cold starts. */
  async function collect(tickMs: number) {
    secrets.secrets
      .set(arnOf('redis'), JSON.stringify({ url: redis.url }))
      .set(arnOf('dcdb'), JSON.stringify({ username: 'proxywatch', password: 'proxywatch' }))
      .set(arnOf('stats'), JSON.stringify({ stats: { user: 'stats', password: 'stats' } }));
    const collectors = ['status', 'sqlStats', 'keyLogs'];
    const proxies = [{ proxy: { ...proxyNamed('shop-0'), adminPort: proxy.port }, collectors }];
    const { outcomes, loaded } = await lambda.invoke(
      'scanner-collect',
      [{ version: 1, tickMs, windowMs: 0, proxies }],
      {
        ...AWS,
        AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
        REDIS_URL: `secretsmanager:${arnOf('redis')}#url`,
        DCDB_URL: mariadb.url.replace('proxywatch:proxywatch@', ''),
        DCDB_SECRET_ARN: arnOf('dcdb'),
        KAFKA_BROKERS: kafka.url,
        PROXY_CREDENTIALS_SECRETS: arnOf('stats'),
      },
    );
    expect(outcomes).toMatchObject([{ proxies: [{ outcome: 'collected', pending: 0, refused: 0 }] }]);
    expect(loaded.filter((path) => path.startsWith('..'))).toEqual([]);
  }

  const showDigest = (count: number) =>
    proxy.set('stats_mysql_query_digest', () => [digestRow({ digest: digestOf(1), count })]);

  test('brings what it reads to Redis, DCDB and Kafka', async () => {
    await lambda.run(MIGRATION, [mariadb.url]);
    showDigest(10);
    await collect(0);
    showDigest(15);
    await collect(60_000);
    proxy.set('stats_mysql_global', () => [['ProxySQL_Uptime', '1']]);
    await collect(120_000);

    const client = createRedis(redis.url);
    expect(await client.call('GET', ['{pw:shop-0}:scan:status'])).toContain('"reachable":true');
    await client.close();
    const db = createDcdb(mariadb.url);
    const stats = await db.selectFrom('sql_stats').select('executions').orderBy('from_at').execute();
    const events = await db.selectFrom('key_logs').select('event_id').execute();
    await db.destroy();
    expect(stats.map(({ executions }) => executions)).toEqual([5, 15]);
    expect(events).toHaveLength(1);
    const [message] = await readTopic(kafka.url, 'proxywatch.key-logs.v1', 1);
    expect(JSON.parse(message?.value ?? '')).toMatchObject({ proxy: 'shop-0', event: 'restart' });
  });
});

test('the packed signer has all that a login to MSK needs', async () => {
  const script = `require('@proxywatch/core')['drivers/kafka/msk-iam'].fetchMskToken('eu-central-1').then(console.log)`;
  expect(await lambda.run(script, [], AWS)).toMatch(/value: '[\w-]{200,}/);
});

test('the packed core has the authorities of RDS', async () => {
  const script = `
    const { rdsAuthorities } = require('@proxywatch/core')['drivers/dcdb/pool-tls'];
    console.log(rdsAuthorities().length);`;
  expect(Number(await lambda.run(script))).toBeGreaterThan(50);
});
