import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import mysql from 'mysql2/promise';
import { readTopic } from '../support/kafka-topic.ts';
import { until } from '../support/until.ts';
import { type Clients, openClients, outputOf } from './clients.ts';
import { type DeployedFleet, openFleet } from './fleet.ts';
import { invoke } from './invoke.ts';
import { ADMIN } from './stage-file.ts';

const TICK_MS = 60_000;

let clients: Clients;
let fleet: DeployedFleet;
let redis: Redis;
/** Of the last tick that was dispatched. */
let tickMs = Math.floor(Date.now() / TICK_MS) * TICK_MS - TICK_MS;

beforeAll(async () => {
  clients = openClients();
  fleet = await openFleet(clients);
  redis = new Redis(clients.deployed.world.redisUrl);
});
afterAll(() => {
  redis?.disconnect();
  clients?.close();
});

/** What the schedule sends, for the next minute that dispatch takes for one; until each proxy was collected from. */
async function tick(): Promise<void> {
  tickMs = Math.max(tickMs + TICK_MS, Math.floor(Date.now() / TICK_MS) * TICK_MS);
  const scheduledTime = new Date(tickMs).toISOString();
  await invoke(clients.lambda, outputOf(clients.deployed.lab.outputs, 'DispatchFunction'), { scheduledTime });
  // Sessions are watched for half a minute.
  await until(
    'each proxy was collected from',
    async () => {
      const { body } = await fleet.api.call('GET', '/v1/monitoring/status', { as: ADMIN });
      const runs: (Run | null)[] = body.items.map(({ lastRun }: { lastRun: Run | null }) => lastRun);
      return runs.length === 3 && runs.every((run) => run !== null && Date.parse(run.tickAt) >= tickMs);
    },
    90_000,
  );
}

interface Run {
  readonly tickAt: string;
  readonly outcome: string;
}

describe('the deployed scanner', () => {
  test('finds the schema that the deployment has migrated', async () => {
    expect(await queryOf('SELECT id FROM proxies LIMIT 1')).toBeDefined();
  });

  test('knows the proxies that were registered through the API', async () => {
    await fleet.register();
    const listed = await fleet.api.call('GET', '/v1/proxies', { as: ADMIN });
    expect(listed.body.items.map(({ id }: { id: string }) => id).toSorted()).toEqual(['lab-1', 'lab-2', 'lab-3']);
  });

  test('collects from each of them, with the log-ins of the deployed secrets, and keeps their status in Redis', async () => {
    await tick();
    for (const { id } of clients.deployed.world.labs) {
      expect(JSON.parse((await redis.get(`{pw:${id}}:scan:status`)) ?? 'null')).toMatchObject({ reachable: true });
    }
    const { body } = await fleet.api.call('GET', '/v1/monitoring/status', { as: ADMIN });
    expect(body.items.map(({ proxy, failure }: { proxy: string; failure: unknown }) => [proxy, failure])).toEqual([
      ['lab-1', null],
      ['lab-2', null],
      ['lab-3', null],
    ]);
  });

  test('has statistics in the DCDB and events in Kafka, of what went through the proxies meanwhile', async () => {
    for (const { trafficPort } of clients.deployed.world.labs) await traffic(trafficPort);
    await tick();
    const ids = clients.deployed.world.labs.map(({ id }) => id);
    expect(await proxiesIn('sql_stats')).toEqual(ids);
    expect(await proxiesIn('slow_sql')).toEqual(ids);
    const events = await readTopic(clients.deployed.world.kafkaBrokers, 'proxywatch.slow-sql.v1', 4);
    const keys = new Set(events.flatMap(({ key }) => key ?? []));
    expect([...keys].toSorted()).toEqual(ids);
  });

  test('has put nothing into its dead-letter queues', async () => {
    for (const output of ['ScanDeadLettersUrl', 'TickDeadLettersUrl']) {
      const QueueUrl = outputOf(clients.deployed.lab.outputs, output);
      const { Attributes } = await clients.aws.call('sqs', 'get_queue_attributes', {
        QueueUrl,
        AttributeNames: ['ApproximateNumberOfMessages'],
      });
      expect(Attributes).toEqual({ ApproximateNumberOfMessages: '0' });
    }
  });
});

async function queryOf<T>(text: string): Promise<readonly T[]> {
  const connection = await mysql.createConnection(clients.deployed.world.dcdbUrl);
  try {
    const [rows] = await connection.query(text);
    return rows as T[];
  } finally {
    await connection.end();
  }
}

async function proxiesIn(table: 'sql_stats' | 'slow_sql'): Promise<readonly string[]> {
  const rows = await queryOf<{ proxy: string }>(`SELECT DISTINCT proxy FROM ${table} ORDER BY proxy`);
  return rows.map(({ proxy }) => proxy);
}

/** Statements through a lab proxy, one of them slow. */
async function traffic(port: number): Promise<void> {
  const connection = await mysql.createConnection({
    host: '127.0.0.1',
    port,
    user: 'proxywatch',
    password: 'proxywatch',
  });
  try {
    for (let i = 0; i < 5; i++) await connection.query('SELECT 1 + ?', [i]);
    await connection.query('SELECT SLEEP(0.1)');
  } finally {
    await connection.end();
  }
}
