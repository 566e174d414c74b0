import { beforeEach, describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Alert } from '@proxywatch/core/ports/skyeye';
import { monitoringSkyeyeRoutes } from '../../../../../../functions/api/monitoring/skyeye/routes.ts';
import { createTestApi, type TestApi } from '../../../../../support/api-harness.ts';
import { type FakeSkyeye, fakeSkyeye } from './fake-skyeye.ts';

const NOW_MS = Date.parse('2026-11-23T08:00:00Z');
const METRICS = '/v1/monitoring/metrics';
const SHOP = { roles: { shop: 'viewer' } } as const;

let skyeye: FakeSkyeye;
let api: TestApi;
beforeEach(() => {
  skyeye = fakeSkyeye();
  api = createTestApi(monitoringSkyeyeRoutes, { skyeye, nowMs: () => NOW_MS });
});

const metrics = (query: Readonly<Record<string, string>>, as: Parameters<TestApi['call']>[2] = {}) =>
  api.call('GET', `${METRICS}?${new URLSearchParams(query)}`, as);

describe('metrics', () => {
  test('at a moment, for somebody who sees all', async () => {
    skyeye.result = { kind: 'vector', series: [{ labels: { a: 'b' }, samples: [[1_500, 'NaN']] }], warnings: ['w'] };
    const answer = await metrics({ query: 'up', time: '2026-11-23T07:00:00Z' });
    expect(answer).toMatchObject({
      status: 200,
      body: { kind: 'vector', series: [{ labels: { a: 'b' }, samples: [[1.5, 'NaN']] }], warnings: ['w'] },
    });
    expect(skyeye.queries).toEqual([{ query: 'up', atMs: Date.parse('2026-11-23T07:00:00Z') }]);
  });

  test('are of the namespaces of the caller, whatever the query asks for', async () => {
    await metrics({ query: 'up{namespace="reporting"}' }, { as: SHOP });
    await metrics({ query: 'up' }, { as: { roles: { shop: 'viewer', reporting: 'admin' } } });
    expect(skyeye.queries.map(({ query }) => query)).toEqual([
      'up{namespace="shop",namespace="reporting"}',
      'up{namespace=~"reporting|shop"}',
    ]);
  });

  test('over a range, with about as many points as a chart is wide', async () => {
    await metrics({ query: 'up', start: '2026-11-23T07:00:00Z' });
    await metrics({ query: 'up', start: '2026-11-23T07:59:59Z' });
    await metrics({ query: 'up', start: '2026-11-23T07:00:00Z', end: '2026-11-23T07:30:00Z', step: '5m' });
    const startMs = Date.parse('2026-11-23T07:00:00Z');
    expect(skyeye.ranges).toEqual([
      { query: 'up', startMs, endMs: NOW_MS, stepMs: 15_000 },
      { query: 'up', startMs: NOW_MS - 1_000, endMs: NOW_MS, stepMs: 1_000 },
      { query: 'up', startMs, endMs: startMs + 1_800_000, stepMs: 300_000 },
    ]);
  });

  test.each([
    [{}, '?query'],
    [{ query: '' }, '?query'],
    [{ query: 'up', time: 'now' }, '?time'],
    [{ query: 'up', end: '2026-11-23T07:00:00Z' }, '?end'],
    [{ query: 'up', step: '5m' }, '?step'],
    [{ query: 'up', start: '2026-11-23T07:00:00Z', step: '0' }, '?step'],
    [{ query: 'up', start: '2026-11-23T07:00:00Z', step: '5 parsecs' }, '?step'],
    [{ query: 'up', start: '2026-11-23T07:00:00Z', time: '2026-11-23T07:00:00Z' }, '?time'],
    [{ query: 'up', match: 'x' }, '?match'],
  ])('%j is refused at %s', async (query, pointer) => {
    const { status, body } = await metrics(query as Readonly<Record<string, string>>);
    expect([status, body.errors[0].pointer]).toEqual([400, pointer]);
    expect(skyeye.queries).toEqual([]);
  });

  test('of what is no PromQL are refused with the place, without asking', async () => {
    const { status, body } = await metrics({ query: 'sum(\nup' }, { as: SHOP });
    expect([status, body.errors]).toEqual([
      422,
      [{ pointer: '?query', message: 'line 2, column 3: not a PromQL expression' }],
    ]);
    expect(skyeye.queries).toEqual([]);
  });

  test('are not for everybody', async () => {
    expect((await metrics({ query: 'up' }, { as: 'nobody' })).status).toBe(401);
    expect((await metrics({ query: 'up' }, { as: { roles: {} } })).status).toBe(403);
  });

  test.each([
    ['SERVICE_UNREACHABLE', 503, 'skyeye is unavailable'],
    ['SERVICE_REFUSED', 502, 'skyeye answered what it must not'],
  ] as const)('%s of the platform is %d, and says which', async (code, status, detail) => {
    skyeye.failure = new ProxywatchError(code, 'connect ECONNREFUSED 10.0.0.1:9090', { service: 'skyeye' });
    const answer = await metrics({ query: 'up' });
    expect(answer).toMatchObject({ status, body: { detail } });
    expect(answer.text).not.toContain('10.0.0.1');
  });
});

describe('alerts', () => {
  const alert = (name: string, labels: Alert['labels'], activeAtMs = NOW_MS): Alert => ({
    name,
    labels,
    activeAtMs,
    state: name === 'Late' ? 'pending' : 'firing',
    value: '1e+00',
    annotations: { summary: 's' },
  });
  beforeEach(() => {
    skyeye.alerts = [
      alert('Down', { namespace: 'shop', proxy: 'a', proxywatch_rule: 'rule-1' }, NOW_MS - 1),
      alert('Late', { namespace: 'reporting' }),
      alert('GatewayAlone', {}, NOW_MS - 2),
    ];
  });
  const names = (body: { items: readonly { name: string }[] }) => body.items.map(({ name }) => name);

  test('come with the rule and namespace that they are of, the newest first', async () => {
    const { body } = await api.call('GET', '/v1/monitoring/alerts');
    expect(names(body)).toEqual(['Late', 'Down', 'GatewayAlone']);
    expect(body).toMatchObject({ nextCursor: null, truncated: false });
    expect(body.items[1]).toEqual({
      name: 'Down',
      state: 'firing',
      namespace: 'shop',
      ruleId: 'rule-1',
      activeAt: '2026-11-23T07:59:59.999Z',
      value: '1e+00',
      labels: { namespace: 'shop', proxy: 'a' },
      annotations: { summary: 's' },
    });
  });

  test('are those of the namespaces of the caller', async () => {
    expect(names((await api.call('GET', '/v1/monitoring/alerts', { as: SHOP })).body)).toEqual(['Down']);
  });

  test.each([
    ['filter[state]=pending', ['Late']],
    ['filter[name]=Down', ['Down']],
    ['filter[namespace]=reporting', ['Late']],
    ['filter[namespace]=nowhere', []],
  ])('with %s', async (filter, expected) => {
    expect(names((await api.call('GET', `/v1/monitoring/alerts?${filter}`)).body)).toEqual(expected);
  });

  test('are not told beyond a bound', async () => {
    skyeye.alerts = Array.from({ length: 1_001 }, (_, i) => alert(`A${i}`, {}));
    const { body } = await api.call('GET', '/v1/monitoring/alerts');
    expect([body.items.length, body.truncated]).toEqual([1_000, true]);
  });
});
