import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { createDcdb, type Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { openDcdb } from '@proxywatch/core/drivers/dcdb/open-dcdb';
import { Kafka, logLevel } from 'kafkajs';
import { sql } from 'kysely';
import { deploy } from '../../../functions/deploy/deploy.ts';
import { TOPICS } from '../../../functions/deploy/steps/create-topics.ts';
import { startKafka } from '../../../infra/local/services/kafka.ts';
import { type MariadbService, startMariadb } from '../../../infra/local/services/mariadb.ts';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { type FakeKafka, startFakeKafka } from '../../support/fake-kafka.ts';

const arnOf = (name: string) => `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${name}-AbCdEf`;
const [STATS, ADMIN, LOGIN, TOKEN, REDIS] = ['stats', 'admin', 'login', 'token', 'redis'].map(arnOf) as [
  string,
  string,
  string,
  string,
  string,
];
const CREDENTIALS = JSON.stringify({ shop: { user: 'stats', password: 'hunter2' } });

let server: MariadbService;
let kafka: FakeKafka;
let db: Dcdb;
let texts: Map<string, string>;
let logged: string[];
beforeAll(async () => {
  server = await startMariadb();
});
afterAll(() => server?.stop());
beforeEach(async () => {
  const admin = createDcdb(server.adminUrl);
  await sql`drop database proxywatch`.execute(admin);
  await sql`create database proxywatch character set utf8mb4`.execute(admin);
  await admin.destroy();
  kafka = await startFakeKafka();
  db = createDcdb(server.url);
  texts = new Map([
    [STATS, CREDENTIALS],
    [ADMIN, '{}'],
    [LOGIN, JSON.stringify({ username: 'proxywatch', password: 'proxywatch', engine: 'mysql' })],
    [TOKEN, 'a token'],
    [REDIS, 'rediss://:hunter2@cache.example:6379'],
  ]);
  logged = [];
});
afterEach(async () => {
  await Promise.all([db?.destroy(), kafka?.close()]);
});

const secrets = {
  async fetchSecret(arn: string) {
    const text = texts.get(arn);
    if (text === undefined) throw new ProxywatchError('SERVICE_REFUSED', `secret ${arn}: ResourceNotFoundException`);
    return text;
  },
};

function run(env: Record<string, string> = {}, signal = AbortSignal.timeout(60_000)): Promise<void> {
  const note = (event: string, fields = {}) => void logged.push(JSON.stringify({ event, ...fields }));
  const all = {
    DCDB_URL: `mysql://127.0.0.1:${server.port}/proxywatch`,
    DCDB_SECRET_ARN: LOGIN,
    KAFKA_BROKERS: kafka.address,
    PROXY_CREDENTIALS_SECRETS: `${STATS},${ADMIN}`,
    DBCONFIG_TOKEN: `secretsmanager:${TOKEN}`,
    REDIS_URL: `secretsmanager:${REDIS}`,
    ...env,
  };
  return deploy(
    {
      env: all,
      secrets,
      openDcdb: (config) => openDcdb(config, secrets, { maxConnections: 1 }),
      log: { info: note, warn: note, error: note },
      patience: { attempts: 3, firstPauseMs: 1 },
    },
    signal,
  );
}

async function applied(): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`select name from migrations order by name`.execute(db);
  return rows.map(({ name }) => name);
}

/** What it rejects with, all of which may be shown to people. */
async function problemOf(deployment: Promise<void>): Promise<string> {
  const error = await deployment.then(
    () => undefined,
    (problem: unknown) => problem,
  );
  expect(`${error} ${logged.join()}`).not.toMatch(/hunter2|proxywatch:proxywatch/);
  return error instanceof Error ? error.message : 'no problem';
}

describe('a deployment', () => {
  test('to an empty database and an empty Kafka makes all tables and topics', async () => {
    await run();
    expect((await applied())[0]).toBe('0001-registry');
    expect(TOPICS).toEqual(['proxywatch.slow-sql.v1', 'proxywatch.slow-transactions.v1', 'proxywatch.key-logs.v1']);
    expect(kafka.created).toEqual(
      TOPICS.map((topic) => ({ topic, partitions: 6, replicas: -1, config: { 'retention.ms': '604800000' } })),
    );
  });

  test('finds nothing to do the second time', async () => {
    await run();
    const before = await applied();
    logged = [];
    await run();
    expect(await applied()).toEqual(before);
    expect(kafka.created).toHaveLength(TOPICS.length);
    expect(logged).toEqual([
      '{"event":"the schema is up to date","applied":""}',
      '{"event":"the topics are there","created":""}',
    ]);
  });

  test('at two places at once is one deployment', async () => {
    await Promise.all([run(), run(), run()]);
    const names = await applied();
    expect(new Set(names).size).toBe(names.length);
    expect(kafka.created.map(({ topic }) => topic)).toEqual(TOPICS);
  });

  test('gives topics the partitions and the retention of its settings', async () => {
    await run({ KAFKA_TOPIC_PARTITIONS: '12', KAFKA_TOPIC_RETENTION_MS: '86400000' });
    expect(kafka.created[0]).toMatchObject({ partitions: 12, config: { 'retention.ms': '86400000' } });
  });

  test('whose migration fails names it, and the next one finishes what was half done', async () => {
    // Names of constraints are unique in a database: this one stands in the way of the fourth migration, in its midst.
    await sql`create table parent (id int primary key) engine = InnoDB`.execute(db);
    await sql`create table in_the_way (id int, constraint accounts_have_a_namespace foreign key (id) references parent (id))
      engine = InnoDB`.execute(db);
    expect(await problemOf(run())).toMatch(/^data\.dcdb: migration 0004-desired-state failed: /);
    expect(await applied()).toEqual(['0001-registry', '0002-scanner', '0003-access']);
    expect(kafka.created).toEqual([]);
    await sql`select count(*) from namespace_revisions`.execute(db);

    await sql`drop table in_the_way`.execute(db);
    await run();
    await sql`select count(*) from accounts`.execute(db);
    expect((await applied()).length).toBeGreaterThan(5);
  });

  test('whose time is over is told so, and what it did stays', async () => {
    const gone = AbortSignal.abort(new Error('no time left'));
    await expect(run({}, gone)).rejects.toThrow('no time left');
  });
});

describe('what is wrong with a stage', () => {
  test('is told by its settings, all secrets with credentials at once', async () => {
    texts.delete(STATS);
    texts.set(ADMIN, JSON.stringify({ shop: { user: '', password: 'hunter2' }, cart: 'hunter2' }));
    const problem = await problemOf(run());
    expect(problem).toContain(`data.proxyCredentials.statsSecretArn: secret ${STATS}: ResourceNotFoundException`);
    expect(problem).toContain(
      'data.proxyCredentials.adminSecretArn: expected {"<reference>":{"user":"…","password":"…"}}: /shop/user: empty, /cart: expected object, got string',
    );
  });

  test('is told before anything is changed', async () => {
    texts.set(STATS, 'hunter2');
    expect(await problemOf(run())).toContain('data.proxyCredentials.statsSecretArn: expected');
    const { rows } = await sql`show tables`.execute(db);
    expect([rows, kafka.created]).toEqual([[], []]);
  });

  test.each([
    ['of the database configuration service is missing', TOKEN, 'api.dbconfig.tokenSecretArn'],
    ['with the URL of Redis is missing', REDIS, 'data.redis.urlSecretArn'],
    ['with the login of the DCDB is missing', LOGIN, 'data.dcdb.secretArn'],
  ])('is told when the secret %s', async (_, arn, setting) => {
    texts.delete(arn);
    const problem = await problemOf(run());
    expect(problem).toContain(`${setting}: `);
    expect(problem).toContain(`secret ${arn}: ResourceNotFoundException`);
  });

  test('is told when a secret holds no URL of Redis', async () => {
    texts.set(REDIS, 'hunter2');
    expect(await problemOf(run())).toContain('data.redis.urlSecretArn: ');
  });

  test('is told when the login of the DCDB has another form or is refused', async () => {
    texts.set(LOGIN, 'hunter2');
    expect(await problemOf(run())).toMatch(/^data\.dcdb\.secretArn: .*not valid JSON/s);
    texts.set(LOGIN, JSON.stringify({ username: 'proxywatch', password: 'hunter2' }));
    expect(await problemOf(run())).toMatch(/^data\.dcdb\.secretArn: dcdb is unavailable: Access denied/);
  });

  test('is told when the DCDB is not there, after some patience', async () => {
    const nobody = await pickFreePort();
    expect(await problemOf(run({ DCDB_URL: `mysql://127.0.0.1:${nobody}/proxywatch` }))).toContain(
      `data.dcdb: dcdb is unavailable: connect ECONNREFUSED 127.0.0.1:${nobody}`,
    );
    expect(logged.filter((line) => line.includes('trying again'))).toHaveLength(2);
  });

  test('is told when Kafka creates no topics, and is fine once they are there', async () => {
    const broker = await startKafka();
    try {
      expect(await problemOf(run({ KAFKA_BROKERS: broker.url }))).toMatch(/^data\.kafka: kafka: /);
      // This one creates topics as they are written to.
      const producer = new Kafka({ brokers: broker.url.split(','), logLevel: logLevel.NOTHING }).producer();
      await producer.connect();
      for (const topic of TOPICS) await producer.send({ topic, messages: [{ value: '{}' }] });
      await producer.disconnect();
      await run({ KAFKA_BROKERS: broker.url });
    } finally {
      await broker.stop();
    }
  });

  test('is told by the setting that a variable comes from', async () => {
    expect(await problemOf(run({ KAFKA_IAM: 'true', KAFKA_TOPIC_PARTITIONS: '0' }))).toBe(
      [
        '2 problems in the environment',
        '  data.kafka.partitions: "0" is out of range, expected an integer from 1 to 1000',
        '  AWS_REGION: not set, but KAFKA_IAM needs it',
      ].join('\n'),
    );
  });
});
