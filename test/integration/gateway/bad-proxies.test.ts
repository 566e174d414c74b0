import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import {
  type CountingProxy,
  complete,
  DOWN,
  executionsOf,
  startCountingProxy,
  WITHHELD,
} from '../../support/counting-proxy.ts';
import { type Answer, healthyAnswers, startFakeAdmin } from '../../support/fake-admin.ts';
import { type RunningGateway, startTestGateway } from '../../support/gateway-lab.ts';
import { packet } from '../../support/mysql-packets.ts';
import { startRawServer } from '../../support/raw-server.ts';
import { until } from '../../support/until.ts';

/** Who scrapes a proxy that never answers waits for so long; healthy proxies are given much more than they need. */
const IMPATIENT = { 'X-Prometheus-Scrape-Timeout-Seconds': '0.5' };
const PATIENT = { 'X-Prometheus-Scrape-Timeout-Seconds': '2' };
const ROUNDS = 2;

let redis: Service;
let healthy: CountingProxy[];
let gateway: RunningGateway | undefined;
let bad: { readonly port: number; close?(): Promise<void> };
let round = 0;

beforeAll(async () => {
  redis = await startRedis();
  // mysql2 prints a stack for some garbage before it throws.
  jest.spyOn(console, 'trace').mockImplementation(() => undefined);
});
afterAll(async () => {
  jest.restoreAllMocks();
  await redis.stop();
});
beforeEach(async () => {
  healthy = [await startCountingProxy(), await startCountingProxy()];
  for (const proxy of healthy) proxy.run(1, 10);
});
afterEach(async () => {
  await gateway?.stop();
  for (const proxy of healthy) await proxy.close();
  await bad.close?.();
});

/** Scrapes the bad proxy and its healthy neighbours for some rounds: these are complete each time. Answers the bad one's. */
async function scrapeBeside(kind = 'proxysql', credentialRef = 'stats') {
  round++;
  const ids = [`good-${round}`, `bad-${round}`, `well-${round}`] as const;
  gateway = await startTestGateway(
    redis.url,
    [
      { id: ids[0], port: healthy[0]!.port },
      { id: ids[1], port: bad.port, kind, credentialRef },
      { id: ids[2], port: healthy[1]!.port },
    ],
    { COLLECT_IDLE_MS: '600000' },
  );
  // A scrape would join the first collection, which began before the statements below.
  for (const id of [ids[0], ids[2]]) {
    await until('the first collection has ended', async () => {
      const { collecting, endedSecondsAgo } = await gateway!.describe(id);
      return collecting === false && endedSecondsAgo !== undefined;
    });
  }
  let shown: unknown;
  for (let i = 0; i < ROUNDS; i++) {
    for (const proxy of healthy) proxy.run(i, 3);
    const scraping = gateway.scrape(`/metrics?proxy=${ids[1]}`, IMPATIENT);
    expect(executionsOf(await gateway.scrape(`/metrics?proxy=${ids[0]}`), ids[0])).toEqual(complete(healthy[0]!));
    expect(executionsOf(await gateway.scrape(`/metrics?proxy=${ids[2]}`), ids[2])).toEqual(complete(healthy[1]!));
    shown = executionsOf(await scraping, ids[1]);
    const whole = await gateway.scrape('/metrics', PATIENT);
    expect(executionsOf(whole, ids[0])).toEqual(complete(healthy[0]!));
    expect(executionsOf(whole, ids[2])).toEqual(complete(healthy[1]!));
  }
  return { shown, told: await gateway.describe(ids[1]) };
}

describe('beside two healthy proxies, whose series are complete at each scrape, a proxy that', () => {
  test('refuses connections is down', async () => {
    bad = { port: await pickFreePort() };
    const { shown, told } = await scrapeBeside();
    expect(shown).toEqual(DOWN);
    expect(told.error).toMatchObject({ code: 'PROXY_UNREACHABLE' });
  });

  test('accepts and never answers is down, and never holds up its neighbours', async () => {
    bad = await startRawServer(() => undefined);
    const { shown } = await scrapeBeside();
    expect(shown).toEqual(DOWN);
  });

  test('answers garbage is down', async () => {
    bad = await startRawServer((socket) => socket.write(Buffer.from('HTTP/1.1 200 OK\r\n\r\n<html>'.repeat(9))));
    const { shown } = await scrapeBeside();
    expect(shown).toEqual(DOWN);
  });

  test.each<[string, Answer]>([
    [
      'dies in the middle of a result',
      (_statement, { socket }) => {
        const halfAnAnswer = Buffer.concat([packet(1, [1]), packet(2, 'half a column').subarray(0, 9)]);
        socket.write(halfAnAnswer, () => socket.destroy());
      },
    ],
    [
      'answers a read with garbage',
      (_statement, { socket }) => socket.write(Buffer.concat([packet(1, [1]), packet(2, [3, 1])])),
    ],
    ['never answers a read', () => undefined],
    ['answers a read with half a row', (_statement, { rows }) => rows(['now'], [['1795342108']])],
    [
      'answers numbers that are none',
      (_statement, { rows }) => rows([...'012345678'], [['1', '1', 'many', '1', '1', '1', '1', '1', null]]),
    ],
    ['refuses a read', (_statement, { error }) => error('ProxySQL Admin Error: database disk image is malformed')],
  ])('%s is down', async (_, answer) => {
    const healthyAnswer = healthyAnswers();
    bad = await startFakeAdmin({
      answer: (statement, exchange) => (statement.includes('COUNT(*)') ? answer : healthyAnswer)(statement, exchange),
    });
    const { shown } = await scrapeBeside();
    expect(shown).toEqual(DOWN);
  });

  test('has another password is down, and the password is nowhere to be seen', async () => {
    bad = await startFakeAdmin({ answer: healthyAnswers(), credential: { user: 'stats', password: 'another' } });
    const { shown, told } = await scrapeBeside('proxysql', 'secret');
    expect(shown).toEqual(DOWN);
    expect(told.error).toMatchObject({ code: 'PROXY_ACCESS_DENIED' });
    const debug = await (await fetch(`${gateway!.url}/debug/workers`)).text();
    expect([...gateway!.logged, debug].join()).not.toContain('hunter2');
    expect(gateway!.logged.filter((line) => line.includes('collection failed'))).toHaveLength(1);
  });

  test('is registered with a credential that is not there is down', async () => {
    bad = await startFakeAdmin({ answer: healthyAnswers() });
    const { shown, told } = await scrapeBeside('proxysql', 'absent');
    expect(shown).toEqual(DOWN);
    expect(told.error).toMatchObject({ code: 'CREDENTIAL_MISSING' });
  });

  test('is of an unknown kind is down', async () => {
    bad = { port: await pickFreePort() };
    const { shown, told } = await scrapeBeside('maxscale');
    expect(shown).toEqual(DOWN);
    expect(told.error).toMatchObject({ code: 'PROXY_UNSUPPORTED', message: expect.stringContaining('maxscale') });
  });

  test('is of an unknown version is up', async () => {
    bad = await startFakeAdmin({ answer: healthyAnswers({ version: '9.9.9-from-the-future' }) });
    const { shown, told } = await scrapeBeside();
    expect(shown).toEqual(complete({ total: 0 }));
    expect(told.capabilities).toMatchObject({ version: '9.9.9-from-the-future' });
  });

  test('lacks the digest table is up, and shows all but SQL statistics', async () => {
    bad = await startFakeAdmin({ answer: healthyAnswers({ missing: ['stats_mysql_query_digest'] }) });
    const { shown, told } = await scrapeBeside();
    expect(shown).toEqual(WITHHELD);
    expect(told.sqlWithheld).toContain('no such table: stats_mysql_query_digest');
  });

  test('lacks all tables but those of digests is up, and shows what it has', async () => {
    const missing = ['connection_pool', 'commands_counters', 'mysql_errors', 'mysql_users'].map(
      (name) => `stats_${name}`,
    );
    bad = await startFakeAdmin({ answer: healthyAnswers({ missing }) });
    const { shown } = await scrapeBeside();
    expect(shown).toEqual(complete({ total: 0 }));
  });
});
