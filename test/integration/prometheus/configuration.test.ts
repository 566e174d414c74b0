import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startPrometheus } from '../../../infra/local/services/prometheus.ts';
import { prometheusRules, renderPrometheusConfig } from '../../../infra/prometheus/render.ts';
import { type PrometheusSample, queryPrometheus } from '../../support/prometheus.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const servers: Server[] = [];
/** Id → address, of all gateways. */
const gateways = new Map<string, string>();
let prometheus: Awaited<ReturnType<typeof startPrometheus>> | undefined;

function listen(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  servers.push(server);
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${(server.address() as { port: number }).port}`)),
  );
}

/** A gateway that owns one proxy and sends scrapes of the others to where `owners` says. */
function gateway(name: string, owned: () => readonly string[], owners: ReadonlyMap<string, () => string>) {
  return listen((request, response) => {
    const url = new URL(request.url ?? '/', 'http://gateway');
    const proxy = url.searchParams.get('proxy') ?? '';
    if (url.pathname === '/sd') {
      const targets = [...owners].map(([id, address]) => ({
        targets: [address()],
        labels: { __param_proxy: id, proxy: id, namespace: 'shop' },
      }));
      response.setHeader('content-type', 'application/json').end(JSON.stringify(targets));
    } else if (url.pathname === '/sd/gateways') {
      const targets = [...gateways].map(([id, address]) => ({ targets: [address], labels: { gateway: id } }));
      response.setHeader('content-type', 'application/json').end(JSON.stringify(targets));
    } else if (url.pathname === '/metrics/self') {
      response.setHeader('content-type', 'text/plain').end(`proxywatch_gateway_up{gateway="${name}"} 1\n`);
    } else if (owned().includes(proxy)) {
      const labels = `proxy="${proxy}",namespace="shop"`;
      response.setHeader('content-type', 'text/plain').end(`dbproxy_up{${labels}} 1\nother_metric{${labels}} 1\n`);
    } else {
      const address = owners.get(proxy)?.() ?? '';
      response.writeHead(307, { location: `http://${address}/metrics?proxy=${proxy}` }).end();
    }
  });
}

const query = (text: string) => queryPrometheus(prometheus?.url ?? '', text);

async function eventually(text: string, count: number): Promise<readonly PrometheusSample[]> {
  let found: readonly PrometheusSample[] = [];
  const isFound = async () => {
    found = await query(text);
    return found.length === count;
  };
  await until(`${count} series of ${text}`, isFound, 30_000);
  return found;
}

describe('the configuration file', () => {
  test.each([
    [
      'local',
      {
        scrapeInterval: '5s',
        scrapeTimeout: '4s',
        discoveryUrls: ['http://127.0.0.1:9464/sd'],
        ruleFiles: ['rules.yml'],
      },
    ],
    [
      'production',
      {
        scrapeInterval: '15s',
        scrapeTimeout: '10s',
        discoveryUrls: ['http://gateway.proxywatch.internal:9464/sd'],
        discoveryInterval: '5s',
        externalLabels: { cluster: 'proxywatch' },
        remoteWrite: { url: 'https://aps.example/api/v1/remote_write', region: 'eu-central-1' },
      },
    ],
  ])('passes promtool with the settings of %s', (_, settings) => {
    const folder = temporaryFolder();
    const file = join(folder, 'prometheus.yml');
    writeFileSync(file, renderPrometheusConfig(settings));
    writeFileSync(join(folder, 'rules.yml'), prometheusRules());
    const output = execFileSync('promtool', ['check', 'config', file], { encoding: 'utf8' });
    expect(output).toContain('SUCCESS');
  });
});

describe('Prometheus with this configuration', () => {
  const owners = new Map<string, () => string>();
  let ownerOfB: 'first' | 'second';

  beforeAll(async () => {
    ownerOfB = 'first';
    const addresses: Record<string, string> = {};
    addresses.first = await gateway('gateway-1', () => (ownerOfB === 'first' ? ['a', 'b'] : ['a']), owners);
    addresses.second = await gateway('gateway-2', () => (ownerOfB === 'second' ? ['b', 'c'] : ['c']), owners);
    gateways.set('gateway-1', addresses.first).set('gateway-2', addresses.second);
    gateways.set('standby', await gateway('standby', () => [], owners));
    owners.set('a', () => addresses.first ?? '');
    owners.set('b', () => addresses[ownerOfB] ?? '');
    owners.set('c', () => addresses.second ?? '');
    prometheus = await startPrometheus({
      config: renderPrometheusConfig({
        scrapeInterval: '1s',
        scrapeTimeout: '1s',
        discoveryUrls: [`http://${addresses.first}/sd`, `http://${addresses.second}/sd`],
        ruleFiles: ['rules.yml'],
      }),
      rules: prometheusRules(),
    });
  });

  afterAll(async () => {
    await prometheus?.stop();
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
  });

  test('finds one target per proxy, though two gateways name it', async () => {
    const up = await eventually('up{job="proxies"} == 1', 3);
    expect(up.map(({ labels }) => labels.proxy).toSorted()).toEqual(['a', 'b', 'c']);
    expect(up.every(({ labels }) => labels.instance !== undefined && labels.namespace === 'shop')).toBe(true);
  });

  test('drops instance from the series of proxies and from nothing else', async () => {
    const [series] = await eventually('dbproxy_up{proxy="a"}', 1);
    expect(series?.labels).toEqual({ __name__: 'dbproxy_up', job: 'proxies', namespace: 'shop', proxy: 'a' });
    const [other] = await eventually('other_metric{proxy="a"}', 1);
    expect(other?.labels).toHaveProperty('instance');
    const [scraped] = await eventually('scrape_samples_scraped{job="proxies",proxy="a"}', 1);
    expect(scraped?.labels).toHaveProperty('instance');
  });

  test('evaluates the rules', async () => {
    const response = await fetch(`${prometheus?.url}/api/v1/rules`);
    const body = (await response.json()) as { data: { groups: readonly { rules: readonly object[] }[] } };
    expect(body.data.groups.flatMap(({ rules }) => rules).length).toBeGreaterThan(0);
  });

  test('scrapes each gateway itself once, one that holds no proxy included', async () => {
    const up = await eventually('up{job="gateways"} == 1', 3);
    expect(up.map(({ labels }) => labels.gateway).toSorted()).toEqual(['gateway-1', 'gateway-2', 'standby']);
    const self = await eventually('proxywatch_gateway_up', 3);
    expect(self.map(({ labels }) => labels.gateway).toSorted()).toEqual(['gateway-1', 'gateway-2', 'standby']);
    expect(self.every(({ labels }) => !('exported_gateway' in labels))).toBe(true);
  });

  test('keeps the one series of a proxy that moves to another gateway', async () => {
    await eventually('dbproxy_up{proxy="b"}', 1);
    const before = await eventually('up{job="proxies",proxy="b"} == 1', 1);
    ownerOfB = 'second';
    const hasMoved = async () => {
      expect(await query('dbproxy_up{proxy="b"}')).toHaveLength(1);
      const [after] = await query('up{job="proxies",proxy="b"} == 1');
      return after !== undefined && after.labels.instance !== before[0]?.labels.instance;
    };
    await until('the target has moved', hasMoved, 30_000);
    expect(await query('count(dbproxy_up{proxy="b"})')).toMatchObject([{ value: 1 }]);
  });
});
