import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isProxywatchError } from '@proxywatch/core/domain/errors';
import { enforceNamespaces } from '@proxywatch/core/drivers/skyeye/enforce-namespaces';
import { createPrometheusSkyeye } from '@proxywatch/core/drivers/skyeye/prometheus-skyeye';
import { createRuleFilePublisher } from '@proxywatch/core/drivers/skyeye/rule-file-publisher';
import type { AlertRule, QueryResult, Skyeye } from '@proxywatch/core/ports/skyeye';
import { ALERT_RULES, startPrometheus } from '../../../infra/local/services/prometheus.ts';
import { fc } from '../../support/properties.ts';
import { until } from '../../support/until.ts';
import { expression } from '../../unit/layers/core/drivers/skyeye/promql-queries.ts';

/** Values that no arithmetic of the queries below makes of the other's, or of nothing. */
const SHOP = 1_000_003;
const SECRET = 7_777_777;
const EXPOSITION = `
up_time{namespace="shop",proxy="s"} ${SHOP}
up_time{namespace="reporting",proxy="r"} ${SECRET}
up_time{proxy="none"} ${SECRET}
sum{namespace="reporting",proxy="r"} ${SECRET}
dbproxy_up{namespace="shop",proxy="s"} ${SHOP}
dbproxy_up{namespace="reporting",proxy="r"} ${SECRET}
dbproxy_up{namespace="shopping",proxy="r"} ${SECRET}
a:b:rate5m{namespace="reporting",proxy="r"} ${SECRET}
target_info{namespace="reporting",proxy="r",secret="${SECRET}"} 1
namespace{namespace="reporting"} ${SECRET}
by{proxy="}"} ${SECRET}
`;

let prometheus: Awaited<ReturnType<typeof startPrometheus>>;
let skyeye: Skyeye;
/** The same without anything of others. */
let alone: Awaited<ReturnType<typeof startPrometheus>>;
const targets: Server[] = [];

async function startWith(exposition: string) {
  const target = createServer((_, response) => {
    response.setHeader('content-type', 'text/plain').end(exposition);
  });
  targets.push(target);
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  const { port } = target.address() as { port: number };
  return startPrometheus({
    config: JSON.stringify({
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: [ALERT_RULES],
      scrape_configs: [{ job_name: 'x', honor_labels: true, static_configs: [{ targets: [`127.0.0.1:${port}`] }] }],
    }),
  });
}

beforeAll(async () => {
  const lines = EXPOSITION.trim().split('\n');
  const own = lines.filter((line) => line.includes('namespace="shop"'));
  [prometheus, alone] = await Promise.all([startWith(`${lines.join('\n')}\n`), startWith(`${own.join('\n')}\n`)]);
  skyeye = createPrometheusSkyeye({ url: prometheus.url });
  for (const { url } of [prometheus, alone]) {
    await until('three samples', async () => {
      const query = 'count_over_time(up_time{proxy="s"}[1m]) > 2';
      return (await createPrometheusSkyeye({ url }).query(query, undefined)).series.length > 0;
    });
  }
});

afterAll(async () => {
  await Promise.all([prometheus?.stop(), alone?.stop()]);
  for (const target of targets) {
    target.close();
    target.closeAllConnections();
  }
});

const ask = (query: string, namespaces: readonly string[] | '*') =>
  skyeye.query(enforceNamespaces(query, namespaces), undefined);
const valuesOf = ({ series }: QueryResult) =>
  series.flatMap(({ samples }) => samples.map(([, value]) => Number(value)));

describe('somebody who may see one namespace', () => {
  test.each([
    'up_time',
    '{__name__=~".+"}',
    'up_time{namespace="reporting"} or dbproxy_up{namespace=~".*"}',
    'max_over_time({__name__=~"up_time|by"}[1m])',
    'label_replace({__name__=~".+"}, "secret", "$1", "namespace", "(.*)")',
    'sum(up_time) by (namespace) unless on() vector(5) > 9',
    'last_over_time(dbproxy_up[10m:1s] offset 1ms)',
    'up_time @ end() # or {namespace="reporting"}\n or dbproxy_up',
    'count_values("x", {__name__=~".+"})',
    'topk(99, {__name__!="", proxy!=""})',
    'absent(up_time{namespace="reporting"})',
  ])('%s shows nothing of the others', async (query) => {
    const result = JSON.stringify(await ask(query, ['shop']));
    expect(result).not.toContain(String(SECRET));
    expect(result).not.toMatch(/"namespace":"(reporting|shopping)"|"proxy":"(r|none|})"|"secret":"(reporting|7)/);
    // The same query does show them to somebody who may see all: it is the enforcing that hides them.
    if (!query.startsWith('absent') && !query.startsWith('sum')) {
      expect(JSON.stringify(await ask(query, '*'))).toMatch(/7777777|7\.777777e\+06/);
    }
  });

  test('sees its own, and with several namespaces those', async () => {
    expect(valuesOf(await ask('up_time', ['shop']))).toEqual([SHOP]);
    expect(valuesOf(await ask('up_time', ['shop', 'reporting'])).toSorted()).toEqual([SHOP, SECRET]);
    expect(valuesOf(await ask('up_time', '*'))).toHaveLength(3);
  });

  test('sees nothing with no namespace, not even what has none', async () => {
    expect(valuesOf(await ask('up_time', []))).toEqual([]);
    expect(valuesOf(await ask('{__name__=~".+"}', []))).toEqual([]);
  });

  test('gets the same from any query as where there are no other namespaces', async () => {
    let answered = 0;
    const seeing = createPrometheusSkyeye({ url: alone.url });
    // Between two scrapes, so that both servers have the same samples.
    const atMs = Date.now() - 1_000;
    async function outcome(server: Skyeye, query: string): Promise<string> {
      try {
        const { kind, series } = await server.query(enforceNamespaces(query, ['shop']), atMs);
        const shown = series.map(({ labels, samples }) =>
          JSON.stringify([Object.entries(labels).toSorted(), samples.map(([, value]) => value)]),
        );
        answered += 1;
        return JSON.stringify([kind, shown.toSorted()]);
      } catch (error) {
        if (isProxywatchError(error) && error.code === 'UNPROCESSABLE') return error.message;
        throw error;
      }
    }
    await fc.assert(
      fc.asyncProperty(expression, async (query) => {
        // `instance` is the address that was scraped.
        const [here, there] = [await outcome(skyeye, query), await outcome(seeing, query)].map((text) =>
          text.replace(/127\.0\.0\.1:\d+/g, '').replace(/instance[^,}\]]*/g, ''),
        );
        expect(here).toBe(there);
        expect(here).not.toMatch(/7777777|7\.777777e\+06/);
      }),
      { numRuns: 300 },
    );
    expect(answered).toBeGreaterThan(200);
  });

  test('is told what is wrong with a query, by the server too', async () => {
    await expect(
      ask('up_time + on(proxy) dbproxy_up * on(x) group_left() up_time[5m]', ['shop']),
    ).rejects.toMatchObject({
      code: 'UNPROCESSABLE',
      message: expect.not.stringContaining('127.0.0.1'),
    });
  });
});

describe('a range', () => {
  test('has a point for each step', async () => {
    const endMs = Date.now();
    const query = enforceNamespaces('up_time', ['shop']);
    const { kind, series } = await skyeye.queryRange({ query, startMs: endMs - 2_000, endMs, stepMs: 1_000 });
    expect(kind).toBe('matrix');
    expect(series[0]?.samples.at(-1)).toEqual([endMs, String(SHOP)]);
  });
});

describe('alert rules', () => {
  const rule = (change: Partial<AlertRule>): AlertRule => ({
    id: 'rule-1',
    namespace: 'shop',
    name: 'TooMuch',
    query: enforceNamespaces('dbproxy_up > 1', ['shop']),
    forS: 0,
    labels: { severity: 'warning' },
    annotations: { summary: 'proxy {{ $labels.proxy }} has {{ $value | humanize }}' },
    ...change,
  });

  test('fire once they are published, for their own namespace alone', async () => {
    const publisher = createRuleFilePublisher({ file: prometheus.alertRulesFile, reloadUrl: prometheus.reloadUrl });
    await publisher.publish([rule({}), rule({ id: 'rule-2', name: 'Wait', forS: 3_600 })]);
    await until('both alerts', async () => (await skyeye.fetchAlerts()).length === 2);
    const alerts = await skyeye.fetchAlerts();
    expect(alerts.map(({ name, state }) => [name, state]).toSorted()).toEqual([
      ['TooMuch', 'firing'],
      ['Wait', 'pending'],
    ]);
    expect(alerts.find(({ name }) => name === 'TooMuch')).toMatchObject({
      labels: { namespace: 'shop', proxy: 's', proxywatch_rule: 'rule-1', severity: 'warning' },
      annotations: { summary: 'proxy s has 1M' },
    });
  });

  test('are kept by the server when the next ones are not taken', async () => {
    const publisher = createRuleFilePublisher({ file: prometheus.alertRulesFile, reloadUrl: prometheus.reloadUrl });
    await publisher.publish([rule({})]);
    await expect(publisher.publish([rule({ query: 'sum(' })])).rejects.toMatchObject({ code: 'UNPROCESSABLE' });
    await until('the alert', async () => (await skyeye.fetchAlerts()).length === 1);
    await publisher.publish([]);
    await until('no alert', async () => (await skyeye.fetchAlerts()).length === 0);
  });
});
