import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { prometheusRules } from '../../../infra/prometheus/render.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const ALERTS = [...prometheusRules().matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);
const PROXY = 'proxy="shop-1",namespace="shop"';
/** Without it, nobody to take over is one more alert. */
const TWO_GATEWAYS = [
  { series: 'up{job="gateways",gateway="g-1",instance="a"}', values: '1x60' },
  { series: 'up{job="gateways",gateway="g-2",instance="b"}', values: '1x60' },
];

interface Series {
  readonly series: string;
  /** As promtool reads them: one value each 15 s. */
  readonly values: string;
}

/** promtool finds exactly these alerts firing at that time. */
function expectFiring(input: readonly Series[], at: string, firing: Readonly<Record<string, number>>): void {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'rules.yml'), prometheusRules());
  const tests = {
    rule_files: ['rules.yml'],
    evaluation_interval: '15s',
    tests: [
      {
        interval: '15s',
        input_series: input,
        // Whether an alert fires is asked through its series: what it says is for people.
        promql_expr_test: ALERTS.map((name) => ({
          expr: `count(ALERTS{alertname="${name}",alertstate="firing"}) or vector(0)`,
          eval_time: at,
          exp_samples: [{ labels: '{}', value: firing[name] ?? 0 }],
        })),
      },
    ],
  };
  const file = join(folder, 'tests.yml');
  writeFileSync(file, JSON.stringify(tests));
  execFileSync('promtool', ['test', 'rules', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

describe('the alerts', () => {
  test('are silent while all is well', () => {
    const input = [
      ...TWO_GATEWAYS,
      { series: `up{job="proxies",${PROXY},instance="a"}`, values: '1x60' },
      { series: `dbproxy_up{${PROXY}}`, values: '1x60' },
      { series: `dbproxy_sql_all_executions_total{${PROXY}}`, values: '0+10x60' },
      { series: `dbproxy_last_collect_timestamp_seconds{${PROXY}}`, values: '0+15x60' },
      { series: 'proxywatch_gateway_heartbeats_total{gateway="g-1",outcome="ok"}', values: '0+3x60' },
      { series: 'proxywatch_gateway_leases_lost_total{gateway="g-1"}', values: '7x60' },
      { series: 'proxywatch_gateway_registry_problems{gateway="g-1"}', values: '0x60' },
    ];
    expectFiring(input, '15m', {});
  });

  test('tell of a proxy that no gateway answers for, once a hand-over would be over', () => {
    const lost = { series: `up{job="proxies",${PROXY},instance="a"}`, values: '1x4 0x56' };
    expectFiring([...TWO_GATEWAYS, lost], '4m', {});
    expectFiring([...TWO_GATEWAYS, lost], '5m', { ProxyWithoutOwner: 1 });
    const found = { series: `up{job="proxies",${PROXY},instance="b"}`, values: '_x4 1x56' };
    expectFiring([...TWO_GATEWAYS, lost, found], '5m', {});
  });

  test.each([
    ['ProxyDown', { series: `dbproxy_up{${PROXY}}`, values: '0x60' }],
    ['ProxyNotCollected', { series: `dbproxy_last_collect_timestamp_seconds{${PROXY}}`, values: '0x60' }],
    ['ProxyStatisticsWithheld', { series: `dbproxy_up{${PROXY}}`, values: '1x60' }],
    [
      'ProxyHistoryFailing',
      { series: 'proxywatch_gateway_history_failures_total{gateway="g-1",code="STORE_FENCED"}', values: '0+1x60' },
    ],
    [
      'GatewayHeartbeatFailing',
      {
        series: 'proxywatch_gateway_heartbeats_total{gateway="g-1",outcome="STORE_UNAVAILABLE"}',
        values: '0+1x60',
      },
    ],
    ['GatewayLeasesLost', { series: 'proxywatch_gateway_leases_lost_total{gateway="g-1"}', values: '0x50 12x10' }],
    ['RegistryUnusable', { series: 'proxywatch_gateway_registry_problems{gateway="g-1"}', values: '1x60' }],
    [
      'ProxyBackendShunned',
      {
        series: `dbproxy_backend_status{${PROXY},hostgroup="10",backend="db:3306",status="SHUNNED"}`,
        values: '1x60',
      },
    ],
  ])('%s fires for what it is meant for, and nothing else does', (name, series) => {
    expectFiring([...TWO_GATEWAYS, series], '14m', { [name]: 1 });
  });

  test('tell that the last gateway has nobody behind it, and that there is none', () => {
    expectFiring(TWO_GATEWAYS.slice(0, 1), '10m', { GatewayAlone: 1 });
    expectFiring([], '10m', { GatewayAlone: 1 });
  });

  test('are all explained to whoever is woken by them', () => {
    const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
    expect(ALERTS.filter((name) => !page.includes(`### ${name}\n`))).toEqual([]);
    expect([...page.matchAll(/^### ([A-Z][a-z]+[A-Z]\w+)$/gm)].map(([, name]) => name)).toEqual(ALERTS);
  });
});
