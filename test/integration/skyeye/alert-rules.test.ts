import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { createDcdb, type Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { migrateDcdb } from '@proxywatch/core/drivers/dcdb/migrate-dcdb';
import { registerProxies } from '@proxywatch/core/drivers/dcdb/proxy-repository';
import type { AlertRule, AlertRulePublisher } from '@proxywatch/core/ports/skyeye';
import { monitoringSkyeyeRoutes } from '../../../functions/api/monitoring/skyeye/routes.ts';
import { type MariadbService, startMariadb } from '../../../infra/local/services/mariadb.ts';
import { createTestApi, type TestApi } from '../../support/api-harness.ts';
import { type FakeSkyeye, fakeSkyeye } from '../../unit/functions/api/monitoring/skyeye/fake-skyeye.ts';

const RULES = '/v1/monitoring/alert-rules';
const SHOP = { roles: { shop: 'operator' } } as const;
const RULE = { namespace: 'shop', name: 'Down', query: 'dbproxy_up == 0' };

let server: MariadbService;
let db: Dcdb;
let skyeye: FakeSkyeye;
let published: (readonly AlertRule[])[];
let refusal: Error | undefined;
let onPublish: () => Promise<unknown>;
let api: TestApi;

beforeAll(async () => {
  server = await startMariadb();
  db = createDcdb(server.url);
  await migrateDcdb(db);
  const address = { kind: 'proxysql', adminHost: '127.0.0.1', adminTls: false, statsCredentialRef: 'stats' };
  await registerProxies(db, [
    { id: 'lab-1', namespace: 'shop', adminPort: 1, ...address },
    { id: 'lab-3', namespace: 'reporting', adminPort: 3, ...address },
  ]);
});
afterAll(async () => {
  await db?.destroy();
  await server?.stop();
});
beforeEach(async () => {
  await db.deleteFrom('alert_rules').execute();
  await db.deleteFrom('audit').execute();
  skyeye = fakeSkyeye();
  published = [];
  refusal = undefined;
  onPublish = async () => undefined;
  const alertRules: AlertRulePublisher = {
    async publish(rules) {
      if (refusal) throw refusal;
      published.push(rules);
      await onPublish();
    },
  };
  api = createTestApi(monitoringSkyeyeRoutes, { db, skyeye, alertRules });
});

const create = (change: object = {}, options: Parameters<TestApi['call']>[2] = {}) =>
  api.call('POST', RULES, { as: SHOP, body: { ...RULE, ...change }, ...options });

describe('an alert rule', () => {
  test('is kept, tried on the platform, and published with its namespace enforced', async () => {
    const answer = await create({
      forS: 60,
      labels: { severity: 'warning' },
      annotations: { summary: '{{ $value }}' },
    });
    expect(answer).toMatchObject({
      status: 201,
      headers: { etag: '"1"', location: `${RULES}/${answer.body.id}` },
      body: { ...RULE, forS: 60, enabled: true, published: true, revision: 1 },
    });
    expect(answer.headers.warning).toBeUndefined();
    const query = 'dbproxy_up{namespace="shop"} == 0';
    expect(skyeye.queries).toEqual([{ query, atMs: undefined }]);
    const { id } = answer.body;
    const rest = { labels: { severity: 'warning' }, annotations: { summary: '{{ $value }}' }, forS: 60 };
    expect(published.at(-1)).toEqual([{ id, namespace: 'shop', name: 'Down', query, ...rest }]);
    const audited = await db.selectFrom('audit').select(['action', 'resource_type', 'namespace']).execute();
    expect(audited).toEqual([{ action: 'create', resource_type: 'alertRule', namespace: 'shop' }]);
  });

  test('is changed by who knows its revision, and published again', async () => {
    const { body } = await create();
    const path = `${RULES}/${body.id}`;
    const patch = (revision: string, change: object) =>
      api.call('PATCH', path, { as: SHOP, body: change, headers: { 'if-match': revision } });
    expect((await patch('"7"', { forS: 5 })).status).toBe(412);
    expect((await api.call('PATCH', path, { as: SHOP, body: {} })).status).toBe(428);
    expect(await patch('"1"', { forS: 5, query: 'up < 1' })).toMatchObject({
      status: 200,
      body: { forS: 5, query: 'up < 1', name: 'Down', revision: 2, published: true },
    });
    expect(published.at(-1)).toMatchObject([{ query: 'up{namespace="shop"} < 1', forS: 5 }]);
    await patch('"2"', { enabled: false });
    expect(published.at(-1)).toEqual([]);
  });

  test('is deleted, and gone from the platform', async () => {
    const { body } = await create();
    const gone = await api.call('DELETE', `${RULES}/${body.id}`, { as: SHOP, headers: { 'if-match': '"1"' } });
    expect(gone.status).toBe(204);
    expect(published.at(-1)).toEqual([]);
    expect((await api.call('GET', `${RULES}/${body.id}`, { as: SHOP })).status).toBe(404);
  });

  test('that is only tried out leaves nothing behind', async () => {
    const answer = await api.call('POST', `${RULES}?dryRun=true`, { as: SHOP, body: RULE });
    expect(answer).toMatchObject({ status: 200, body: { name: 'Down' } });
    expect(published).toEqual([]);
    expect((await api.call('GET', RULES)).body.items).toEqual([]);
  });

  test('is there for those who may see its namespace', async () => {
    const { body } = await create();
    await create({ namespace: 'reporting' }, { as: 'admin' });
    const of = async (as: Parameters<TestApi['call']>[2]) =>
      (await api.call('GET', RULES, as)).body.items.map(({ namespace }: { namespace: string }) => namespace);
    expect(await of({})).toHaveLength(2);
    expect(await of({ as: { roles: { reporting: 'viewer' } } })).toEqual(['reporting']);
    const stranger = { as: { roles: { reporting: 'admin' } } } as const;
    expect((await api.call('GET', `${RULES}/${body.id}`, stranger)).status).toBe(404);
    expect((await create({}, stranger)).status).toBe(404);
    expect((await create({ name: 'x' }, { as: { roles: { shop: 'viewer' } } })).status).toBe(403);
  });

  test('has a name that no other of its namespace has', async () => {
    await create();
    expect(await create()).toMatchObject({ status: 409, body: { errors: [{ pointer: '/name' }] } });
    expect((await create({ namespace: 'reporting' }, { as: 'admin' })).status).toBe(201);
  });

  test('needs a namespace that there is', async () => {
    expect((await create({ namespace: 'nowhere' }, { as: 'admin' })).status).toBe(422);
  });

  test.each([
    ['/query', { query: 'sum(' }, 422],
    ['/query', { query: 'x'.repeat(20_000) }, 400],
    ['/labels/namespace', { labels: { namespace: 'reporting' } }, 400],
    ['/labels/proxywatch_rule', { labels: { proxywatch_rule: 'x' } }, 400],
    ['/labels/alertname', { labels: { alertname: 'x' } }, 400],
    ['/labels/__name__', { labels: { __name__: 'x' } }, 400],
    ['/labels/a-b', { labels: { 'a-b': 'x' } }, 400],
    ['/labels/a', { labels: { a: '{{ query "up" }}' } }, 400],
    ['/annotations/a', { annotations: { a: '{{ range query "up" }}{{ end }}' } }, 400],
    ['/annotations/a', { annotations: { a: 'x'.repeat(3_000) } }, 400],
    ['/annotations', { annotations: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`a${i}`, ''])) }, 400],
    ['/name', { name: '' }, 400],
    ['/name', { name: 'a\u0007' }, 400],
    ['/forS', { forS: -1 }, 400],
    ['/expr', { expr: 'up' }, 400],
  ])('is refused at %s for %j', async (pointer, change, status) => {
    const answer = await create(change);
    expect([answer.status, answer.body.errors?.[0]?.pointer]).toEqual([status, pointer]);
    expect(published).toEqual([]);
  });

  test('is refused when the platform refuses its query, or it gives nothing to alert by', async () => {
    skyeye.failure = new ProxywatchError('UNPROCESSABLE', 'skyeye does not take the query: no such function');
    expect(await create()).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/query', message: expect.stringContaining('no such function') }] },
    });
    skyeye.failure = undefined;
    skyeye.result = { kind: 'matrix', series: [], warnings: [] };
    expect(await create()).toMatchObject({
      status: 422,
      body: { errors: [{ message: expect.stringContaining('matrix') }] },
    });
  });

  test('is kept while the platform is away; the next change, or asking for it, repairs that', async () => {
    skyeye.failure = new ProxywatchError('SERVICE_UNREACHABLE', 'skyeye at 10.0.0.1 is away', { service: 'skyeye' });
    refusal = skyeye.failure;
    const answer = await create();
    expect(answer).toMatchObject({ status: 201, body: { published: false } });
    expect(answer.headers.warning).toMatch(/^199 proxywatch ".*not published: skyeye is unavailable"$/);
    expect(answer.text).not.toContain('10.0.0.1');
    expect((await api.call('POST', `${RULES}/actions/publish`, { as: SHOP })).status).toBe(503);
    refusal = undefined;
    const repaired = await api.call('POST', `${RULES}/actions/publish`, { as: SHOP });
    expect(repaired).toMatchObject({ status: 200, body: { published: true, rules: 1, refused: [] } });
    expect(published.at(-1)).toHaveLength(1);
  });

  test('that another one changes meanwhile is published as it is in the end', async () => {
    onPublish = async () => {
      onPublish = async () => undefined;
      await db.updateTable('alert_rules').set({ query: 'up > 1' }).execute();
    };
    await create();
    expect(published.map(([rule]) => rule?.query)).toEqual([
      'dbproxy_up{namespace="shop"} == 0',
      'up{namespace="shop"} > 1',
    ]);
  });

  test('that cannot be read any more does not keep the others from being published', async () => {
    await create();
    const id = randomUUID();
    const broken = { id, namespace: 'shop', name: 'Broken', query: 'sum(', labels: '{}', annotations: '{}' };
    await db
      .insertInto('alert_rules')
      .values({ ...broken, created_by: 'x' })
      .execute();
    await create({ name: 'Other' });
    expect(
      published
        .at(-1)
        ?.map(({ name }) => name)
        .toSorted(),
    ).toEqual(['Down', 'Other']);
    expect(api.log).toContainEqual(expect.objectContaining({ level: 'error', event: 'an alert rule is left out' }));
  });

  test('that the platform refuses keeps no other from being published', async () => {
    await create();
    skyeye.failure = new ProxywatchError('SERVICE_UNREACHABLE', 'away', { service: 'skyeye' });
    const refused = (await create({ name: 'New', query: 'limitk(1, up)' })).body.id;
    skyeye.failure = undefined;
    skyeye.refuses = (query) => query.includes('limitk');
    onPublish = async () => {
      if (published.at(-1)?.some(({ query }) => query.includes('limitk'))) {
        throw new ProxywatchError('UNPROCESSABLE', 'unknown function');
      }
    };
    const repaired = await api.call('POST', `${RULES}/actions/publish`, { as: SHOP });
    expect(repaired).toMatchObject({ status: 200, body: { published: true, rules: 1, refused: [refused] } });
    expect(published.at(-1)?.map(({ name }) => name)).toEqual(['Down']);
    const patch = { as: SHOP, body: { forS: 5 }, headers: { 'if-match': '"1"' } } as const;
    const answer = await api.call('PATCH', `${RULES}/${refused}`, patch);
    expect(answer).toMatchObject({ status: 200, body: { published: false } });
    expect(answer.headers.warning).toContain('skyeye refuses it');
  });

  test('that is refused is told to nobody who does not see it, nor what the platform says of it', async () => {
    const theirs = (await create({ namespace: 'reporting', name: 'Theirs' }, { as: 'admin' })).body.id;
    skyeye.refuses = (query) => query.includes('reporting');
    onPublish = async () => {
      if (published.at(-1)?.some(({ name }) => name === 'Theirs')) {
        throw new ProxywatchError('UNPROCESSABLE', 'rule Theirs: unknown function');
      }
    };
    const publish = (as: Parameters<typeof api.call>[2]) => api.call('POST', `${RULES}/actions/publish`, as);
    expect(await publish({ as: SHOP })).toMatchObject({ status: 200, body: { refused: [] } });
    expect(await publish({ as: 'operator' })).toMatchObject({ status: 200, body: { refused: [theirs] } });
    skyeye.refuses = () => false;
    const ours = await publish({ as: SHOP });
    expect([ours.status, ours.text.includes('Theirs')]).toEqual([422, false]);
    expect(await publish({ as: 'operator' })).toMatchObject({
      status: 422,
      body: { detail: 'rule Theirs: unknown function' },
    });
  });

  test('is one of a hundred at most', async () => {
    const values = Array.from({ length: 100 }, (_, i) => ({
      id: randomUUID(),
      namespace: 'shop',
      name: `n${i}`,
      query: 'up',
      labels: '{}',
      annotations: '{}',
      created_by: 'x',
    }));
    await db.insertInto('alert_rules').values(values).execute();
    expect((await create()).status).toBe(409);
    expect((await create({ namespace: 'reporting' }, { as: 'admin' })).status).toBe(201);
  });
});
