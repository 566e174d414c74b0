import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { numberOf, type RunningGateway, startTestGateway } from '../../support/gateway-lab.ts';
import {
  type DigestFixture,
  digestOf,
  digestRow,
  type StatsAdmin,
  startStatsAdmin,
} from '../../support/stats-admin.ts';

const EXECUTIONS = 'dbproxy_sql_executions_total';
const ALL = 'dbproxy_sql_all_executions_total';

let redis: Service;
let admin: StatsAdmin;
let gateway: RunningGateway;
/** Rows with the uptime at which they were born. */
let table: (DigestFixture & { readonly bornS: number })[];
let uptimeS: number;
let nextId = 0;
const started: { stop?(): Promise<void>; close?(): Promise<void> }[] = [];

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
afterEach(async () => {
  for (const part of started.splice(0).reverse()) await (part.stop ?? part.close)?.call(part);
});

async function startProxy(): Promise<string> {
  uptimeS = 1_000;
  table = [
    { digest: digestOf(1), count: 70, text: 'SELECT 1', bornS: 500 },
    { digest: digestOf(2), count: 30, text: 'SELECT 2', bornS: 500 },
  ];
  admin = await startStatsAdmin();
  admin.set('stats_mysql_query_digest', () => table.map((row) => digestRow({ ...row, bornAgoS: uptimeS - row.bornS })));
  admin.set('stats_mysql_global', () => [['ProxySQL_Uptime', String(uptimeS)]]);
  started.push(admin);
  return `p-${nextId++}`;
}

async function startGateway(id: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
  gateway = await startTestGateway(redis.url, [{ id, port: admin.port }], env);
  started.push(gateway);
}

const executions = async () => {
  const samples = await gateway.scrape();
  return {
    up: numberOf(samples, 'dbproxy_up'),
    all: numberOf(samples, ALL),
    one: numberOf(samples, EXECUTIONS, { digest: digestOf(1) }),
    two: numberOf(samples, EXECUTIONS, { digest: digestOf(2) }),
    other: numberOf(samples, EXECUTIONS, { digest: '__other__' }),
  };
};

describe('a gateway and one proxy', () => {
  test("shows the proxy's own counters first, then what is added", async () => {
    await startGateway(await startProxy());
    expect(await executions()).toEqual({ up: 1, all: 100, one: 70, two: 30, other: 0 });
    table[0] = { ...table[0]!, count: 75, timeUs: 250 };
    uptimeS += 5;
    expect(await executions()).toEqual({ up: 1, all: 105, one: 75, two: 30, other: 0 });
  });

  test('goes on counting when the table was reset by somebody else', async () => {
    await startGateway(await startProxy());
    await executions();
    table = [{ digest: digestOf(1), count: 4, bornS: 1004 }];
    uptimeS += 5;
    expect(await executions()).toEqual({ up: 1, all: 104, one: 74, two: 30, other: 0 });
  });

  test('goes on counting when the proxy restarted', async () => {
    await startGateway(await startProxy());
    await executions();
    table = [{ digest: digestOf(1), count: 90, timeUs: 1000, bornS: 1 }];
    uptimeS = 2;
    expect(await executions()).toEqual({ up: 1, all: 190, one: 160, two: 30, other: 0 });
  });

  test('goes on where its predecessor stopped', async () => {
    const id = await startProxy();
    await startGateway(id);
    await executions();
    await gateway.stop();
    started.pop();
    table[1] = { ...table[1]!, count: 31, timeUs: 250 };
    table.push({ digest: digestOf(3), count: 5, bornS: 1059 });
    uptimeS += 60;
    await startGateway(id);
    expect(await executions()).toEqual({ up: 1, all: 106, one: 70, two: 31, other: 0 });
    const samples = await gateway.scrape();
    expect(numberOf(samples, 'dbproxy_sql_digest_info', { digest: digestOf(1), digest_text: 'SELECT 1' })).toBe(1);
  });

  test('puts what is not named into the remainder', async () => {
    await startGateway(await startProxy(), { DIGEST_TOP_N: '1' });
    expect(await executions()).toEqual({ up: 1, all: 100, one: 70, two: undefined, other: 30 });
  });
});
