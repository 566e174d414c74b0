import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import {
  type CountingProxy,
  complete,
  executionsOf,
  startCountingProxy,
  WITHHELD,
} from '../../support/counting-proxy.ts';
import { numberOf, type RunningGateway, startTestGateway } from '../../support/gateway-lab.ts';
import { until } from '../../support/until.ts';

let folder: string;
let port: number;
let redis: Service | undefined;
let proxy: CountingProxy;
let gateway: RunningGateway;
/** The highest total that any scrape has shown. */
let highest: number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'store-'));
  port = await pickFreePort();
  proxy = await startCountingProxy();
  proxy.run(1, 70);
  proxy.run(2, 30);
  highest = 0;
});
afterEach(async () => {
  await gateway.stop();
  await proxy.close();
  await redis?.stop();
  rmSync(folder, { recursive: true });
});

/** On the same port each time; with persistence it finds again what it held. */
async function startStore({ persistent = true } = {}): Promise<void> {
  redis = await startRedis({ port, dir: folder, args: ['--appendonly', persistent ? 'yes' : 'no'] });
}
async function killStore(): Promise<void> {
  process.kill(redis!.pid, 'SIGKILL');
  await redis!.exited;
}
const startGateway = async () => {
  gateway = await startTestGateway(`redis://127.0.0.1:${port}`, [{ id: 'p', port: proxy.port }], {
    // After a Redis that came back empty, nobody is given a proxy before every former lease has run out.
    GATEWAY_LEASE_MS: '1500',
  });
};
async function scrape() {
  const shown = executionsOf(await gateway.scrape(), 'p');
  if (shown.all !== undefined) {
    expect(shown.all).toBeGreaterThanOrEqual(highest);
    highest = shown.all;
  }
  return shown;
}
/** The store is back and the gateway has noticed. */
async function untilComplete(): Promise<void> {
  await until('SQL statistics are shown again', async () => (await scrape()).all !== undefined);
  expect(await scrape()).toEqual(complete(proxy));
}

describe('a gateway whose Redis', () => {
  test('is absent at the start shows that proxies are up, and becomes complete once it is there', async () => {
    await startGateway();
    for (let i = 0; i < 2; i++) {
      proxy.run(1, 5);
      expect(await scrape()).toEqual(WITHHELD);
    }
    expect(numberOf(await gateway.scrape(), 'dbproxy_uptime_seconds')).toBeGreaterThan(0);
    await startStore();
    await untilComplete();
    proxy.run(3, 9);
    expect(await scrape()).toEqual(complete(proxy));
  });

  test.each([
    ['and comes back with what it held', true],
    ['and comes back empty', false],
  ])('is lost later %s loses nothing and lets nothing fall', async (_, persistent) => {
    await startStore({ persistent });
    await startGateway();
    await untilComplete();
    await killStore();
    proxy.run(1, 5);
    expect(await scrape()).toEqual(WITHHELD);
    proxy.reset();
    proxy.run(1, 3);
    proxy.run(4, 2);
    expect(await scrape()).toEqual(WITHHELD);
    await startStore({ persistent });
    await untilComplete();
    await gateway.stop();
    proxy.run(2, 4);
    await startGateway();
    await untilComplete();
  });

  test('is lost between two scrapes of a gateway that stops meanwhile keeps a successor exact', async () => {
    await startStore();
    await startGateway();
    await untilComplete();
    await killStore();
    proxy.run(1, 5);
    await scrape();
    await gateway.stop();
    proxy.run(1, 5);
    await startStore();
    await startGateway();
    await untilComplete();
  });

  test('is there again when the gateway stops gets what it could not be told', async () => {
    await startStore();
    await startGateway();
    await untilComplete();
    await killStore();
    proxy.run(1, 5);
    expect(await scrape()).toEqual(WITHHELD);
    await startStore();
    await gateway.stop();
    // Only the last write can know of what is gone from the proxy.
    proxy.reset();
    proxy.run(2, 1);
    await startGateway();
    await untilComplete();
  });
});
