import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RegistrySnapshot } from '@proxywatch/core/ports/proxy-registry';
import type { Fleet } from '../../../../../functions/gateway/fleet.ts';
import { type RunningServer, startServer } from '../../../../../functions/gateway/http/server.ts';
import { createGate, FakeProxy, PROXY } from '../../../../support/fake-proxy.ts';
import { FakeStore } from '../../../../support/fake-store.ts';
import { MemoryLeases, MemoryMembership } from '../../../../support/memory-fleet.ts';
import { until } from '../../../../support/until.ts';
import { parseExposition } from '../exposition/strict-parser.ts';
import { createTestFleet } from '../test-fleet.ts';
import { createTestLog, createTestWorker, METRICS, valueIn } from '../test-worker.ts';

let registry: () => Promise<RegistrySnapshot>;
let drivers: Map<string, FakeProxy>;
let fleet: Fleet;
let server: RunningServer;
let log: ReturnType<typeof createTestLog>;
let leases: MemoryLeases;
let membership: MemoryMembership;

beforeEach(async () => {
  log = createTestLog();
  leases = new MemoryLeases();
  membership = new MemoryMembership();
  drivers = new Map(['a', 'b'].map((id) => [id, new FakeProxy()]));
  registry = async () => {
    const proxies = [...drivers.keys()].map((id) => ({ ...PROXY, id }));
    return { version: '1', proxies, damaged: [] };
  };
  fleet = createTestFleet({
    registry: { fetchProxies: () => registry() },
    createWorker: (proxy) => createTestWorker(drivers.get(proxy.id)!, new FakeStore(), { proxy, shareMs: 60_000 }),
    advertise: () => 'gateway-1:9464',
    leases,
    membership,
    log,
  });
  const address = { host: '127.0.0.1', port: 0, advertise: () => 'gateway-1:9464' };
  server = await startServer({ ...address, fleet, metrics: METRICS, gatewayId: 'gateway-1', log });
});
afterEach(async () => {
  await server.close(0);
  await fleet.stop();
});

const fetchFrom = (path: string, options?: RequestInit) => fetch(`http://127.0.0.1:${server.port}${path}`, options);
const samplesOf = async (path: string) => parseExposition(await (await fetchFrom(path)).text(), 'text').samples;
async function startFleet(): Promise<void> {
  fleet.start();
  await until('the fleet is ready', () => fleet.isReady);
}

describe('before the registry was read', () => {
  test('scrapes and discovery are asked to come back, since an empty answer would end series', async () => {
    for (const path of ['/metrics', '/metrics?proxy=a', '/sd']) {
      const response = await fetchFrom(path);
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    }
  });

  test('the gateway is alive, shows its own metrics, and is not ready', async () => {
    expect((await fetchFrom('/healthz')).status).toBe(200);
    expect((await fetchFrom('/metrics/self')).status).toBe(200);
    expect(await (await fetchFrom('/debug/workers')).json()).toMatchObject({ gateway: 'gateway-1', workers: [] });
    expect((await fetchFrom('/readyz')).status).toBe(503);
  });

  test('the gateway has not joined before it met the fleet, registry or not, and has for good from then on', async () => {
    registry = async () => {
      throw new ProxywatchError('REGISTRY_MISSING', 'none');
    };
    membership.failure = new ProxywatchError('STORE_UNAVAILABLE', 'redis is away');
    fleet.start();
    await until('the problem is logged', () =>
      log.events.includes('heartbeat failed: STORE_UNAVAILABLE: redis is away'),
    );
    expect((await fetchFrom('/healthz?joined=true')).status).toBe(503);
    expect((await fetchFrom('/healthz')).status).toBe(200);
    membership.failure = undefined;
    await until('it joined', async () => (await fetchFrom('/healthz?joined=true')).ok);
    membership.failure = new ProxywatchError('STORE_UNAVAILABLE', 'redis is away');
    expect((await fetchFrom('/healthz?joined=true')).status).toBe(200);
  });

  test('is still before when it cannot be read', async () => {
    registry = async () => {
      throw new ProxywatchError('REGISTRY_MISSING', 'none');
    };
    fleet.start();
    await until('the problem is logged', () => log.events.length > 0);
    expect((await fetchFrom('/metrics')).status).toBe(503);
  });
});

describe('a gateway is ready', () => {
  test('once every proxy was collected from, well or not', async () => {
    const gate = createGate();
    drivers.get('a')!.before = () => gate.pass();
    drivers.get('b')!.before = () => {
      throw new ProxywatchError('PROXY_UNREACHABLE', 'down');
    };
    fleet.start();
    await until('b was collected from', () => fleet.workerOf('b')?.hasCollected === true);
    expect((await fetchFrom('/readyz')).status).toBe(503);
    gate.open();
    await until('the gateway is ready', async () => (await fetchFrom('/readyz')).ok);
  });
});

describe('a proxy of another gateway', () => {
  const member = (id: string) => ({ id, advertise: `${id}:9464`, isScraped: true, isDraining: false, holds: {} });
  const plan = (a: string, b: string, version: number) =>
    membership.publish(
      'planner',
      new Map([
        ['a', a],
        ['b', b],
      ]),
      version,
    );
  const askFor = async (path: string) => {
    const response = await fetchFrom(path, { redirect: 'manual' });
    await response.text();
    return [response.status, response.headers.get('location')];
  };

  beforeEach(async () => {
    // Who comes first plans: here nobody does, and the test says who owns what.
    for (const id of ['planner', 'gateway-2', 'gateway-3']) await membership.heartbeat(member(id));
  });

  test('is found there, wherever it moved since', async () => {
    await plan('gateway-2', 'gateway-1', 0);
    await startFleet();
    expect(await askFor('/metrics?proxy=a')).toEqual([307, 'http://gateway-2:9464/metrics?proxy=a']);
    await plan('gateway-3', 'gateway-1', 1);
    await until('the move was heard of', () => fleet.ownerOf('a') === 'gateway-3:9464');
    expect(await askFor('/metrics?proxy=a')).toEqual([307, 'http://gateway-3:9464/metrics?proxy=a']);
    const held = await leases.acquire('a', { memberId: 'gateway-3', advertise: 'gateway-3:9464' });
    await plan('gateway-1', 'gateway-2', 2);
    await until('b was let go', () => fleet.workerOf('b') === undefined);
    expect(await askFor('/metrics?proxy=a')).toEqual([503, null]);
    if (held.kind === 'acquired') await leases.release('a', held.token);
    await until('they changed places', () => fleet.workerOf('a') !== undefined && !fleet.workerOf('b'));
    expect(await askFor('/metrics?proxy=a')).toEqual([200, null]);
    expect(await askFor('/metrics?proxy=b')).toEqual([307, 'http://gateway-2:9464/metrics?proxy=b']);
  });

  test('is asked for under its id as it is', async () => {
    drivers.set('shop/ä&x=1', new FakeProxy());
    await membership.publish('planner', new Map([...drivers.keys()].map((id) => [id, 'gateway-2'])), 0);
    await startFleet();
    const query = `proxy=${encodeURIComponent('shop/ä&x=1')}`;
    expect(await askFor(`/metrics?${query}`)).toEqual([307, `http://gateway-2:9464/metrics?${query}`]);
  });

  test('that leaves while a scrape waits for it is told to be elsewhere, not to be down', async () => {
    await plan('gateway-1', 'gateway-1', 0);
    const reading = Promise.withResolvers<void>();
    drivers.get('a')!.before = (call) => {
      if (call === 'digests') reading.resolve();
      return call === 'digests' ? createGate().pass() : undefined;
    };
    fleet.start();
    await reading.promise;
    const worker = fleet.workerOf('a')!;
    const refresh = worker.refresh.bind(worker);
    let waiting = 0;
    worker.refresh = (budgetMs) => {
      waiting++;
      return refresh(budgetMs);
    };
    const scrapes = ['/metrics?proxy=a', '/metrics'].map((path) => fetchFrom(path, { redirect: 'manual' }));
    await until('both wait for it', () => waiting === 2);
    await plan('gateway-2', 'gateway-1', 1);
    const [one, all] = await Promise.all(scrapes);
    expect([one?.status, one?.headers.get('location')]).toEqual([307, 'http://gateway-2:9464/metrics?proxy=a']);
    const { samples } = parseExposition((await all?.text()) ?? '', 'text');
    expect([...new Set(samples.map(({ labels }) => labels.proxy))]).toEqual(['b']);
  });
});

describe('the paths', () => {
  test('/sd lists a target for each proxy, which says by a parameter which one it is', async () => {
    await startFleet();
    expect(await (await fetchFrom('/sd')).json()).toEqual(
      ['a', 'b'].map((id) => ({
        targets: ['gateway-1:9464'],
        labels: { __param_proxy: id, proxy: id, namespace: 'test' },
      })),
    );
  });

  test('/metrics shows all proxies, or the one that is asked for', async () => {
    await startFleet();
    const proxiesIn = async (path: string) => [...new Set((await samplesOf(path)).map(({ labels }) => labels.proxy))];
    expect(await proxiesIn('/metrics')).toEqual(['a', 'b']);
    expect(await proxiesIn('/metrics?proxy=b')).toEqual(['b']);
  });

  test('/metrics of a proxy that another does not let go is asked to come back', async () => {
    await leases.acquire('a', { memberId: 'gateway-2', advertise: 'gateway-2:9464' });
    fleet.start();
    await until('b is here', () => fleet.workerOf('b') !== undefined);
    const response = await fetchFrom('/metrics?proxy=a', { headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '5' } });
    expect([response.status, await response.json()]).toEqual([503, { error: 'proxy "a" has no owner now' }]);
  });

  test('/metrics of a proxy that is not here is not found', async () => {
    await startFleet();
    const response = await fetchFrom('/metrics?proxy=%22%3Cx%3E');
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: expect.stringContaining('"\\"<x>"') });
  });

  test('one proxy that is late is down, the others are complete, within the time that the scraper gives', async () => {
    drivers.get('a')!.before = (call) => (call === 'digests' ? createGate().pass() : undefined);
    fleet.start();
    await until('b was collected from', () => fleet.workerOf('b')?.hasCollected === true);
    const headers = { 'X-Prometheus-Scrape-Timeout-Seconds': '0.2' };
    const { samples } = parseExposition(await (await fetchFrom('/metrics', { headers })).text(), 'text');
    const up = samples.filter(({ name }) => name === 'dbproxy_up').map(({ labels, value }) => [labels.proxy, value]);
    expect(up).toEqual([
      ['a', '0'],
      ['b', '1'],
    ]);
    expect(valueIn(samples, 'dbproxy_uptime_seconds')).toBe(1_000);
  });

  test('/debug/workers tells what each worker does, and no credential', async () => {
    await startFleet();
    const body = await (await fetchFrom('/debug/workers')).text();
    expect(JSON.parse(body).workers).toHaveLength(2);
    expect(body).not.toMatch(/password|credential/i);
  });

  test.each(['/', '/metric', '/metrics/', '/constructor', '/__proto__'])('%s is not found', async (path) => {
    expect((await fetchFrom(path)).status).toBe(404);
  });

  test('what is no URL is refused, and no fault of the gateway', async () => {
    const socket = connect(server.port, '127.0.0.1', () =>
      socket.write('GET // HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
    );
    expect(await text(socket)).toMatch(/^HTTP\/1.1 400 /);
    expect(log.events).toEqual([]);
  });

  test.each(['POST', 'PUT', 'DELETE'])('%s is not allowed', async (method) => {
    const response = await fetchFrom('/metrics', { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test.each(['/metrics', '/metrics/self', '/sd', '/healthz', '/readyz', '/debug/workers'])(
    'HEAD of %s answers as GET does, without a body',
    async (path) => {
      await startFleet();
      const { status, headers } = await fetchFrom(path);
      const socket = connect(server.port, '127.0.0.1', () =>
        socket.write(`HEAD ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
      );
      const [head = '', body] = (await text(socket)).split('\r\n\r\n');
      expect(head).toContain(`HTTP/1.1 ${status} `);
      expect(head.toLowerCase()).toContain(`content-type: ${headers.get('content-type')?.toLowerCase()}`);
      expect(body).toBe('');
    },
  );
});

test('closing ends requests that are under way once the grace is over', async () => {
  drivers.get('a')!.before = (call) => (call === 'digests' ? createGate().pass() : undefined);
  fleet.start();
  await until('the registry was read', () => fleet.isLoaded);
  const arrived = Promise.withResolvers<void>();
  const outcome = new Promise<string>((resolve) => {
    const scrape = request({ port: server.port, path: '/metrics?proxy=a' }, () => resolve('answered'));
    scrape.on('error', () => resolve('cut off'));
    scrape.on('socket', (socket) => socket.on('connect', arrived.resolve));
    scrape.end();
  });
  await arrived.promise;
  await server.close(10);
  expect(await outcome).toBe('cut off');
});

test('a port that is taken is named with the variable that changes it', async () => {
  const options = {
    host: '127.0.0.1',
    port: server.port,
    advertise: () => '',
    fleet,
    metrics: METRICS,
    gatewayId: 'x',
    log,
  };
  await expect(startServer(options)).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    message: expect.stringContaining('GATEWAY_PORT'),
  });
});
