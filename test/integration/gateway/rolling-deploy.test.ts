import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { type CountingProxy, complete, executionsOf, startCountingProxy } from '../../support/counting-proxy.ts';
import { type GatewayProcess, startGatewayProcess } from '../../support/gateway-process.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const PROXIES = 6;

let redis: Service;
let proxies: CountingProxy[];
let env: Record<string, string>;
const gateways: GatewayProcess[] = [];
beforeAll(async () => {
  redis = await startRedis();
  proxies = await Promise.all(Array.from({ length: PROXIES }, () => startCountingProxy()));
  // So many that the rounding of their weights, which depends on how each was learnt, does not decide who has which.
  for (const proxy of proxies) for (let digest = 1; digest <= 40; digest++) proxy.run(digest, 10);
  const folder = temporaryFolder('file');
  const entries = proxies.map(({ port }, i) => {
    return { id: `p-${i}`, kind: 'proxysql', namespace: 'test', adminHost: '127.0.0.1', adminPort: port };
  });
  writeFileSync(
    join(folder, 'proxies.json'),
    JSON.stringify(entries.map((entry) => ({ ...entry, statsCredentialRef: 'stats' }))),
  );
  writeFileSync(join(folder, 'credentials.json'), JSON.stringify({ stats: { user: 'stats', password: 'stats' } }));
  env = {
    REDIS_URL: redis.url,
    PROXIES_FILE: join(folder, 'proxies.json'),
    PROXY_CREDENTIALS_FILE: join(folder, 'credentials.json'),
    COLLECT_SHARE_MS: '0',
    // Nobody scrapes them while they settle.
    COLLECT_IDLE_MS: '500',
    REGISTRY_POLL_MS: '200',
    // Nobody is given away for being silent or late, however slow this machine is.
    GATEWAY_LEASE_MS: '60000',
    SLOT_GRACE_SECONDS: '60',
  };
});
afterEach(async () => {
  for (const gateway of gateways) gateway.kill('SIGKILL');
  await Promise.all(gateways.splice(0).map(({ exited }) => exited));
});
afterAll(async () => {
  await Promise.all(proxies.map((proxy) => proxy.close()));
  await redis.stop();
});

async function start(id: string, release: string): Promise<GatewayProcess> {
  const gateway = await startGatewayProcess({ ...env, GATEWAY_ID: id, GATEWAY_RELEASE: release });
  gateways.push(gateway);
  await until(`${id} has joined`, async () => (await fetch(`${gateway.url}/healthz?joined=true`)).ok);
  return gateway;
}

interface Described {
  readonly fleet: {
    readonly assignment: Readonly<Record<string, string>>;
    readonly members: readonly { readonly id: string; readonly slot?: string }[];
  };
  readonly workers: readonly unknown[];
}

async function describedBy({ url }: GatewayProcess): Promise<Described> {
  return (await fetch(`${url}/debug/workers`)).json() as Promise<Described>;
}

const holdsOf = async (gateway: GatewayProcess) => (await describedBy(gateway)).workers.length;

/** What they agreed on when each has its share and knows how heavy it is: until then proxies move for good reasons. */
async function settledAssignment(gateways: readonly GatewayProcess[]): Promise<Readonly<Record<string, string>>> {
  let [seen, times] = ['', 0];
  const isSettled = async () => {
    const isReady = await Promise.all(gateways.map(async ({ url }) => (await fetch(`${url}/readyz`)).ok));
    const described = await Promise.all(gateways.map(describedBy));
    const now = JSON.stringify(described.map(({ fleet }) => fleet.assignment));
    const isShared = described.every(({ workers }) => workers.length === PROXIES / gateways.length);
    times = isReady.every(Boolean) && isShared && now === seen ? times + 1 : 0;
    seen = now;
    return times >= 25;
  };
  await until('the old ones share', isSettled, 30_000);
  return (await describedBy(gateways[0]!)).fleet.assignment;
}

test('two gateways are replaced by two of another release, slot by slot and without a move, and a third joins', async () => {
  const before = [await start('old-1', 'r:1'), await start('old-2', 'r:1')];
  const assignment = await settledAssignment(before);

  const after = [await start('new-1', 'r:2'), await start('new-2', 'r:2')];
  for (const [i, gateway] of before.entries()) {
    gateway.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
    const isTaken = async () => (await Promise.all(after.map(holdsOf))).reduce((a, b) => a + b) === 3 * (i + 1);
    await until('a successor has what it left', isTaken, 20_000);
    for (const successor of after) expect((await describedBy(successor)).fleet.assignment).toEqual(assignment);
  }
  expect(await Promise.all(after.map(holdsOf))).toEqual([3, 3]);
  for (const gateway of after) {
    const self = await (await fetch(`${gateway.url}/metrics/self`)).text();
    expect(self).not.toMatch(/^proxywatch_gateway_moves_total\{/m);
  }
  const shown = (await Promise.all(after.map(({ scrape }) => scrape()))).flat();
  for (const [i, proxy] of proxies.entries()) expect(executionsOf(shown, `p-${i}`)).toEqual(complete(proxy));

  const third = await start('new-3', 'r:2');
  await until('the third has a share', async () => (await holdsOf(third)) === 2, 20_000);
});
