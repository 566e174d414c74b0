import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import {
  type CountingProxy,
  complete,
  executionsOf,
  startCountingProxy,
  WITHHELD,
} from '../../support/counting-proxy.ts';
import { type GatewayProcess, spawnGateway, startGatewayProcess } from '../../support/gateway-process.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

let redis: Service;
let proxy: CountingProxy;
let env: Record<string, string>;
let gateway: GatewayProcess | undefined;
let round = 0;
const id = () => `p-${round}`;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  round++;
  proxy = await startCountingProxy();
  proxy.run(1, 70);
  proxy.run(2, 30);
  const folder = temporaryFolder();
  const entry = { id: id(), kind: 'proxysql', namespace: 'test', adminHost: '127.0.0.1', adminPort: proxy.port };
  writeFileSync(join(folder, 'proxies.json'), JSON.stringify([{ ...entry, statsCredentialRef: 'stats' }]));
  writeFileSync(join(folder, 'credentials.json'), JSON.stringify({ stats: { user: 'stats', password: 'stats' } }));
  env = {
    // The same for all: the next one plans at once, since it is the planner come back.
    GATEWAY_ID: 'gateway-1',
    REDIS_URL: redis.url,
    PROXIES_FILE: join(folder, 'proxies.json'),
    PROXY_CREDENTIALS_FILE: join(folder, 'credentials.json'),
    COLLECT_SHARE_MS: '0',
    REGISTRY_POLL_MS: '100',
  };
});
afterEach(async () => {
  gateway?.kill('SIGKILL');
  await gateway?.exited;
  gateway = undefined;
  await proxy.close();
});

async function start(): Promise<void> {
  gateway = await startGatewayProcess(env);
  const { url } = gateway;
  await until('the gateway is ready', async () => (await fetch(`${url}/readyz`)).ok);
}
async function end(signal: NodeJS.Signals): Promise<number | null> {
  gateway!.kill(signal);
  return gateway!.exited;
}
const scrape = async () => executionsOf(await gateway!.scrape(), id());

describe('the program of the gateway', () => {
  test('killed with SIGKILL between scrapes goes on exactly, whatever happened meanwhile', async () => {
    await start();
    expect(await scrape()).toEqual(complete(proxy));
    const accidents = [() => undefined, () => proxy.reset(), () => proxy.restart(), () => proxy.run(7, 4)];
    for (const accident of accidents) {
      proxy.run(1, 5);
      expect(await scrape()).toEqual(complete(proxy));
      expect(await end('SIGKILL')).toBeNull();
      accident();
      proxy.run(2, 3);
      await start();
      expect(await scrape()).toEqual(complete(proxy));
    }
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('ends with code 0 on %s, and leaves nothing unhandled', async (signal) => {
    await start();
    await scrape();
    expect(await end(signal)).toBe(0);
    expect(gateway!.output()).toMatch(new RegExp(`"event":"stopping".*${signal}`));
    expect(gateway!.output()).not.toMatch(/unhandled|"level":"error"/i);
  });

  test('ends in order although it is told twice, as a parent that dies may do', async () => {
    const own = await startRedis();
    env.REDIS_URL = own.url;
    await start();
    await scrape();
    // It has to wait with its last words, and is told again meanwhile.
    process.kill(own.pid, 'SIGSTOP');
    try {
      gateway!.kill('SIGTERM');
      await until('it stops', () => gateway!.output().includes('"event":"stopping"'));
      gateway!.kill('SIGTERM');
    } finally {
      process.kill(own.pid, 'SIGCONT');
    }
    expect(await gateway!.exited).toBe(0);
    await own.stop();
  });

  test('writes at SIGTERM what Redis could not be told before', async () => {
    const own = await startRedis();
    env.REDIS_URL = own.url;
    await start();
    await scrape();
    process.kill(own.pid, 'SIGSTOP');
    proxy.run(1, 5);
    expect(await scrape()).toEqual(WITHHELD);
    process.kill(own.pid, 'SIGCONT');
    expect(await end('SIGTERM')).toBe(0);
    // Only the last write can know of what is gone from the proxy.
    proxy.reset();
    proxy.run(2, 1);
    await start();
    expect(await scrape()).toEqual(complete(proxy));
    await end('SIGTERM');
    await own.stop();
  });

  test('ends on SIGTERM while a scrape is under way', async () => {
    await start();
    const { promise: blocked, resolve } = Promise.withResolvers<void>();
    proxy.beforeRead = resolve;
    const scraping = scrape().catch((error: unknown) => error);
    await blocked;
    expect(await end('SIGTERM')).toBe(0);
    await scraping;
  });

  test('ends with code 2 and all problems at once when its configuration is wrong', async () => {
    const broken = {
      ...env,
      REDIS_URL: 'redis://user:hunter2@:x',
      GATEWAY_PORT: 'http',
      DIGEST_TOP_N: '-1',
      PROXIES_FILE: '/absent',
    };
    const { exited, output } = spawnGateway(broken);
    expect(await exited).toBe(2);
    for (const name of ['REDIS_URL', 'GATEWAY_PORT', 'DIGEST_TOP_N', 'PROXIES_FILE'])
      expect(output()).toContain(`${name}: `);
    expect(output()).not.toContain('hunter2');
  });

  test('ends with code 2 when nothing is configured', async () => {
    const { exited, output } = spawnGateway({});
    expect(await exited).toBe(2);
    for (const name of ['REDIS_URL', 'PROXY_CREDENTIALS_FILE']) expect(output()).toContain(`${name}: not set`);
  });

  test('ends with code 1 and names the variable when its port is taken', async () => {
    await start();
    const { exited, output } = spawnGateway({ ...env, GATEWAY_PORT: new URL(gateway!.url).port });
    expect(await exited).toBe(1);
    expect(output()).toContain('GATEWAY_PORT');
  });
});
