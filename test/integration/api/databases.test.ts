import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createHttpDatabaseConfig } from '@proxywatch/core/drivers/dbconfig/http-database-config';
import { registerNamespace } from '@proxywatch/core/drivers/dcdb/namespace-repository';
import { DEFAULT_SPEC, encodeStoredSpec } from '@proxywatch/core/drivers/dcdb/namespaces/stored-spec';
import { createProxysqlDriver } from '@proxywatch/core/drivers/proxysql/driver';
import { databasesRoutes } from '../../../functions/api/databases/routes.ts';
import { type Catalogue, createCatalogue } from '../../../infra/local/dbconfig/catalogue.ts';
import { labClusters } from '../../../infra/local/dbconfig/lab-clusters.ts';
import { type DbconfigServer, startDbconfigServer } from '../../../infra/local/dbconfig/server.ts';
import { createTestApi, type TestApi, type TestCaller } from '../../support/api-harness.ts';
import { closeLabs, startLab } from '../../support/lab-traffic.ts';
import { emptyRedis } from '../../support/redis-servers.ts';
import { type ControlLab, forgetAll, observe, register, startControlLab } from './control-lab.ts';

let lab: ControlLab;
let api: TestApi;
let catalogue: Catalogue;
let service: DbconfigServer;
let nowMs: number;

beforeAll(async () => {
  lab = await startControlLab();
});
beforeEach(async () => {
  await lab.db.deleteFrom('server_overrides').execute();
  await forgetAll(lab.db);
  await emptyRedis(lab.redis);
  for (const name of ['shop', 'reporting']) {
    await registerNamespace(lab.db, { name, description: '', owner: '', tags: [] });
  }
  await setSlices('shop', [{ name: 'main', writerHostgroup: 10, readerHostgroup: 20, cluster: 'shop-main' }]);
  await setSlices('reporting', [
    { name: 'old', writerHostgroup: 30, readerHostgroup: 40, cluster: 'shop-main' },
    { name: 'new', writerHostgroup: 10, readerHostgroup: 20, cluster: 'reporting-main' },
  ]);
  // As the lab proxies have it.
  const clusters = labClusters('127.0.0.1', backendPort()).map(({ instances, ...cluster }) => ({
    ...cluster,
    instances: instances.map((instance) => ({ ...instance, maxConnections: 50 })),
  }));
  catalogue = createCatalogue(clusters, Date.now);
  service = await startDbconfigServer({ catalogue, host: '127.0.0.1', port: 0, log: () => undefined });
  nowMs = Date.UTC(2026, 0, 31, 12);
  api = createTestApi(databasesRoutes, {
    ...lab.deps,
    drivers: new Map([['proxysql', createProxysqlDriver()]]),
    databases: createHttpDatabaseConfig({ url: service.url, redis: lab.redis, random: () => 0 }),
    nowMs: () => nowMs,
  });
});
afterEach(async () => {
  await closeLabs();
  await service?.close();
});
afterAll(() => lab?.stop());

const SHOP_OPERATOR: TestCaller = { name: 'olga', roles: { shop: 'operator' } };
const SHOP_VIEWER: TestCaller = { name: 'vera', roles: { shop: 'viewer' } };
const ifMatch = (revision: number) => ({ headers: { 'if-match': `"${revision}"` } });
const backendPort = () => Number(new URL(lab.backend.url).port);
const get = (path: string, as: TestCaller = SHOP_VIEWER) => api.call('GET', path, { as });
const post = (path: string, body: object, as: TestCaller = SHOP_OPERATOR) => api.call('POST', path, { as, body });
const server = (fields: object = {}) => ({ namespace: 'shop', host: 'db-2', port: 3306, ...fields });

async function setSlices(namespace: string, slices: (typeof DEFAULT_SPEC)['slices']): Promise<void> {
  const spec = encodeStoredSpec({ ...DEFAULT_SPEC, slices, defaultSlice: slices[0]?.name ?? null });
  await lab.db.updateTable('namespaces').set({ spec }).where('name', '=', namespace).execute();
}

describe('clusters', () => {
  test('come page by page, filtered and in order', async () => {
    const first = await get('/v1/databases?limit=2&sort=-id');
    expect(first.body.items.map(({ id }: { id: string }) => id)).toEqual(['shop-main', 'reporting-main']);
    expect(first.body.staleSeconds).toBe(0);
    expect(first.headers.warning).toBeUndefined();
    const second = await get(`/v1/databases?limit=2&sort=-id&cursor=${first.body.nextCursor}`);
    expect(second.body).toMatchObject({ items: [{ id: 'archive', engine: 'mariadb' }], nextCursor: null });
    const filtered = await get('/v1/databases?filter[description][like]=*ORDERS*&filter[engine]=mariadb');
    expect(filtered.body.items.map(({ id }: { id: string }) => id)).toEqual(['archive', 'shop-main']);
    expect((await get('/v1/databases?filter[colour]=red')).status).toBe(400);
    expect((await get('/v1/databases?cursor=x')).status).toBe(400);
  });

  test('are told one by one with their instances', async () => {
    expect((await get('/v1/databases/archive')).body).toEqual({ ...catalogue.cluster('archive'), staleSeconds: 0 });
    const { body } = await get('/v1/databases/shop-main/instances');
    expect(body).toEqual({ items: catalogue.instances('shop-main'), staleSeconds: 0 });
    for (const path of ['gone', 'gone/instances', 'gone/mapping']) {
      expect((await get(`/v1/databases/${path}`)).body).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    }
    for (const path of ["x'--", '%00', 'a%2Fb', '..%2Fchanges']) {
      expect((await get(`/v1/databases/${path}/instances`)).status).toBe(400);
    }
  });

  test('are mapped to the slices of the namespaces that the caller may see', async () => {
    const ofShop = {
      namespace: 'shop',
      slice: 'main',
      writerHostgroup: 10,
      readerHostgroup: 20,
      isDefault: true,
    };
    const ofReporting = { ...ofShop, namespace: 'reporting', slice: 'old', writerHostgroup: 30, readerHostgroup: 40 };
    expect((await get('/v1/databases/shop-main/mapping', 'viewer')).body.items).toEqual([ofReporting, ofShop]);
    expect((await get('/v1/databases/shop-main/mapping')).body.items).toEqual([ofShop]);
    expect((await get('/v1/databases/archive/mapping')).body).toEqual({ items: [], staleSeconds: 0 });
  });

  test('have their changes told from a cursor on', async () => {
    const first = await get('/v1/databases/changes');
    expect(first.body.items).toHaveLength(3);
    catalogue.removeInstance('shop-main', 'shop-main-2');
    const next = await get(`/v1/databases/changes?since=${first.body.cursor}`);
    expect(next.body.items).toEqual([
      expect.objectContaining({ kind: 'instance-removed', cluster: 'shop-main', instance: 'shop-main-2' }),
    ]);
    for (const since of ['of-another-life', 'a%20b', '%F0%9F%98%80']) {
      const { status, body } = await get(`/v1/databases/changes?since=${since}`);
      expect([status, body.errors[0].pointer]).toEqual([400, '?since']);
    }
  });
});

describe('while the service is away', () => {
  test('what was answered before is told with its age, and what was not is 503', async () => {
    await get('/v1/databases');
    await get('/v1/databases/shop-main/instances');
    await service.close();
    for (const path of ['', '/shop-main', '/shop-main/instances', '/shop-main/mapping', '/orphans?namespace=shop']) {
      const { status, headers, body } = await get(`/v1/databases${path}`);
      expect([path, status, headers.warning]).toEqual([path, 200, '110 - "Response is Stale"']);
      expect(body.staleSeconds).toBeGreaterThan(0);
    }
    for (const path of ['/archive/instances', '/changes?since=a-1', '/changes']) {
      const { status, headers, body } = await get(`/v1/databases${path}`);
      expect([path, status, body.code, body.detail]).toEqual([
        path,
        503,
        'SERVICE_UNREACHABLE',
        'dbconfig is unavailable',
      ]);
      expect(headers['retry-after']).toBeDefined();
    }
  });

  test('servers are drained all the same', async () => {
    await service.close();
    expect((await post('/v1/databases/actions/drain', server())).status).toBe(201);
    expect((await get('/v1/databases/servers?namespace=shop')).status).toBe(200);
    const plan = await post('/v1/databases/actions/sync-plan', { namespace: 'shop' });
    expect(plan.body).toMatchObject({ status: 503, detail: 'dbconfig is unavailable' });
  });
});

describe('the servers of proxies', () => {
  test('are told by the latest status, and live', async () => {
    const proxy = await startLab(backendPort());
    await register(lab.db, 'lab-1', proxy);
    await register(lab.db, 'lab-2', proxy);
    await observe(lab.redis, 'lab-1', proxy);
    const { body } = await get('/v1/databases/servers?namespace=shop');
    expect(body).toMatchObject({
      items: [
        {
          proxy: 'lab-1',
          source: 'status',
          reachable: true,
          problem: null,
          servers: [
            { hostgroup: '10', host: '127.0.0.1', port: backendPort(), status: 'ONLINE', lagSeconds: null },
            { hostgroup: '20', host: '127.0.0.1', status: 'ONLINE' },
          ],
        },
        { proxy: 'lab-2', observedAt: null, reachable: false, servers: [] },
      ],
      nextCursor: null,
    });
    const live = await get('/v1/databases/servers?namespace=shop&live=true&filter[proxy]=lab-2');
    expect(live.body.items).toEqual([
      expect.objectContaining({
        proxy: 'lab-2',
        source: 'live',
        observedAt: '2026-01-31T12:00:00.000Z',
        reachable: true,
      }),
    ]);
    expect(live.body.items[0].servers).toHaveLength(2);
    await closeLabs();
    const dead = await get('/v1/databases/servers?namespace=shop&live=true&limit=1');
    expect(dead.body.items).toEqual([expect.objectContaining({ reachable: false, problem: 'PROXY_UNREACHABLE' })]);
  });

  test('are told of namespaces that the caller may see, and of few proxies at once when live', async () => {
    expect((await get('/v1/databases/servers?namespace=reporting')).status).toBe(404);
    expect((await get('/v1/databases/servers')).status).toBe(400);
    expect((await get('/v1/databases/servers?namespace=shop&live=true&limit=51')).status).toBe(400);
  });

  test('are orphans in both directions', async () => {
    const proxy = await startLab(backendPort());
    await register(lab.db, 'lab-1', proxy);
    await register(lab.db, 'lab-2', proxy);
    const [known] = catalogue.instances('shop-main') ?? [];
    catalogue.putInstance('shop-main', { ...known!, id: 'new', host: 'db-new', role: 'reader' });
    const unobserved = (await get('/v1/databases/orphans?namespace=shop')).body;
    expect(unobserved).toMatchObject({ onNoProxy: [], unknownToService: [], unobserved: ['lab-1', 'lab-2'] });

    await proxy.admin("INSERT INTO mysql_servers(hostgroup_id,hostname,port) VALUES (20,'db-old',3306)");
    await proxy.admin('LOAD MYSQL SERVERS TO RUNTIME');
    await observe(lab.redis, 'lab-1', proxy);
    await post('/v1/databases/actions/pin', server({ host: 'db-old', hostgroup: 20 }));
    await post('/v1/databases/actions/ignore', server({ host: 'db-new', port: backendPort() }));
    expect((await get('/v1/databases/orphans?namespace=shop')).body).toEqual({
      namespace: 'shop',
      onNoProxy: [
        {
          cluster: 'shop-main',
          instance: 'new',
          host: 'db-new',
          port: backendPort(),
          role: 'reader',
          ignored: true,
        },
      ],
      unknownToService: [{ host: 'db-old', port: 3306, hostgroups: ['20'], proxies: ['lab-1'], pinned: true }],
      unobserved: ['lab-2'],
      uncertain: false,
      warnings: [],
      staleSeconds: 0,
    });
    expect((await get('/v1/databases/orphans?namespace=reporting')).status).toBe(404);
  });
});

describe('a sync plan', () => {
  const plan = (as = SHOP_OPERATOR) => post('/v1/databases/actions/sync-plan', { namespace: 'shop' }, as);

  test('says what each proxy would have to change, and changes nothing', async () => {
    const proxy = await startLab(backendPort());
    await register(lab.db, 'lab-1', proxy);
    await register(lab.db, 'lab-2', proxy, { managed: false, admin: false });
    await proxy.admin("INSERT INTO mysql_servers(hostgroup_id,hostname,port) VALUES (20,'db-old',3306)");
    await proxy.admin('LOAD MYSQL SERVERS TO RUNTIME');
    catalogue.putInstance('shop-main', { ...catalogue.instances('shop-main')![1]!, id: 'new', host: 'db-new' });
    await post(
      '/v1/databases/actions/weight',
      server({
        host: '127.0.0.1',
        port: backendPort(),
        hostgroup: 20,
        weight: 7,
        until: '2026-01-31T13:00:00Z',
      }),
    );
    const before = await proxy.admin('SELECT * FROM mysql_servers');
    const address = `127.0.0.1:${backendPort()}`;
    expect((await plan()).body).toEqual({
      namespace: 'shop',
      plan: '/v1/namespaces/shop/actions/plan',
      servers: 3,
      proxies: [
        {
          proxy: 'lab-1',
          managed: true,
          problem: null,
          changes: [
            {
              kind: 'change',
              server: `server ${address} in hostgroup 10`,
              fields: { comment: { from: '', to: 'shop-main/shop-main-1' } },
            },
            {
              kind: 'change',
              server: `server ${address} in hostgroup 20`,
              fields: { weight: { from: '1', to: '7' }, comment: { from: '', to: 'shop-main/shop-main-2' } },
            },
            {
              kind: 'add',
              server: `server db-new:${backendPort()} in hostgroup 20`,
              fields: expect.objectContaining({
                weight: { from: null, to: '1' },
                status: { from: null, to: 'ONLINE' },
              }),
            },
            { kind: 'surplus', server: 'server db-old:3306 in hostgroup 20', fields: {} },
          ],
        },
        { proxy: 'lab-2', managed: false, problem: 'CREDENTIAL_MISSING', changes: [] },
      ],
      uncertain: false,
      warnings: [],
      staleSeconds: 0,
    });
    expect(await proxy.admin('SELECT * FROM mysql_servers')).toEqual(before);
    // The weight returns by itself.
    nowMs = Date.parse('2026-01-31T13:00:00Z');
    const later = (await plan()).body.proxies[0].changes[1];
    expect(Object.keys(later.fields)).toEqual(['comment']);
  });

  test('says when the service tells too little', async () => {
    for (const { id } of catalogue.instances('shop-main') ?? []) catalogue.removeInstance('shop-main', id);
    expect((await plan()).body).toMatchObject({
      servers: 0,
      uncertain: true,
      warnings: ['cluster shop-main of slice main has no instances', 'slice main has no server for reads'],
    });
  });

  test('is for operators of the namespace', async () => {
    expect((await plan(SHOP_VIEWER)).status).toBe(403);
    expect((await plan({ roles: { reporting: 'operator' } })).status).toBe(404);
    expect((await post('/v1/databases/actions/sync-plan', { namespace: 'gone' }, 'admin')).status).toBe(404);
  });
});

describe('an override', () => {
  const drain = { host: 'db-2', port: 3306, namespace: 'shop', kind: 'drain' };
  const create = (fields: object = {}, as: TestCaller = SHOP_OPERATOR) =>
    post('/v1/databases/overrides', { ...drain, ...fields }, as);

  test('is created, read, changed and deleted, each with an audit record', async () => {
    const { status, headers, body } = await create({ reason: 'kernel update', expiresAt: '2026-01-31T13:00:00+01:00' });
    expect(body.errors).toEqual([{ pointer: '/expiresAt', message: 'expected a time in the future' }]);
    expect([status, headers['content-type']]).toEqual([422, 'application/problem+json']);
    const made = await create({ reason: 'kernel update', expiresAt: '2026-01-31T14:00:00+01:00' });
    const { id } = made.body;
    expect(made).toMatchObject({ status: 201, headers: { etag: '"1"', location: `/v1/databases/overrides/${id}` } });
    expect(made.body).toEqual({
      id,
      ...drain,
      hostgroup: null,
      weight: null,
      reason: 'kernel update',
      expiresAt: '2026-01-31T13:00:00.000Z',
      ended: false,
      returnedAt: null,
      returnProblem: null,
      createdBy: 'olga',
      revision: 1,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
    const path = `/v1/databases/overrides/${id}`;
    expect((await get(path)).body).toEqual(made.body);
    const change = { as: SHOP_OPERATOR, body: { expiresAt: null, reason: 'for good' } };
    expect((await api.call('PATCH', path, change)).status).toBe(428);
    expect((await api.call('PATCH', path, { ...change, ...ifMatch(7) })).status).toBe(412);
    const changed = await api.call('PATCH', path, { ...change, ...ifMatch(1) });
    expect(changed.body).toMatchObject({ expiresAt: null, reason: 'for good', revision: 2 });
    const dry = await api.call('DELETE', `${path}?dryRun=true`, { as: SHOP_OPERATOR, ...ifMatch(2) });
    expect([dry.status, (await get(path)).status]).toEqual([204, 200]);
    expect((await api.call('DELETE', path, { as: SHOP_OPERATOR, ...ifMatch(2) })).status).toBe(204);
    expect((await get(path)).status).toBe(404);
    const audit = await lab.db
      .selectFrom('audit')
      .select(['action', 'resource_id', 'namespace'])
      .orderBy('id')
      .execute();
    expect(audit).toEqual(
      ['create', 'update', 'delete'].map((action) => ({ action, resource_id: id, namespace: 'shop' })),
    );
  });

  test('comes once for a server in a hostgroup, until it runs out', async () => {
    await create({ expiresAt: '2026-01-31T13:00:00Z' });
    expect((await create()).body).toMatchObject({ status: 409, code: 'CONFLICT' });
    expect((await create({ hostgroup: 20 })).status).toBe(201);
    nowMs = Date.parse('2026-01-31T13:00:00Z');
    expect((await create()).status).toBe(201);
    const { body } = await get('/v1/databases/overrides?filter[kind]=drain&filter[hostgroup]=');
    expect(body.items).toEqual([expect.objectContaining({ expiresAt: null, ended: false })]);
  });

  test.each([
    [{ kind: 'weight' }, '/weight'],
    [{ weight: 3 }, '/weight'],
    [{ kind: 'ignore', weight: 3 }, '/weight'],
    [{ kind: 'pin' }, '/hostgroup'],
    [{ namespace: 'nowhere' }, '/namespace'],
  ])('of %j is refused with 422', async (fields, pointer) => {
    const { status, body } = await create(fields, 'admin');
    expect([status, body.errors?.[0]?.pointer]).toEqual([422, pointer]);
  });

  test.each([
    [{ host: "x' OR 1=1" }, '/host'],
    [{ host: '' }, '/host'],
    [{ host: 'h\u0000' }, '/host'],
    [{ port: 0 }, '/port'],
    [{ port: '3306' }, '/port'],
    [{ hostgroup: -1 }, '/hostgroup'],
    [{ weight: 1e9 }, '/weight'],
    [{ kind: 'delete' }, '/kind'],
    [{ reason: 'x'.repeat(1_001) }, '/reason'],
    [{ expiresAt: 'tomorrow' }, '/expiresAt'],
    [{ colour: 'red' }, '/colour'],
  ])('with a field that is wrong is refused with 400 (%#)', async (fields, pointer) => {
    const { status, body } = await create(fields);
    expect([status, body.errors?.[0]?.pointer]).toEqual([400, pointer]);
  });

  test('cannot pin and ignore a server at once', async () => {
    expect((await create({ kind: 'pin', hostgroup: 20 })).status).toBe(201);
    expect((await create({ kind: 'ignore', hostgroup: 20 })).status).toBe(409);
    expect((await post('/v1/databases/actions/ignore', server({ hostgroup: 20 }))).status).toBe(409);
  });

  test('belongs to a namespace, and is hidden from those who may not see that', async () => {
    const { body } = await create({ namespace: 'reporting' }, 'admin');
    expect((await get(`/v1/databases/overrides/${body.id}`)).status).toBe(404);
    expect((await get('/v1/databases/overrides')).body.items).toEqual([]);
    expect((await create({ namespace: 'reporting' })).status).toBe(404);
    expect((await create({}, SHOP_VIEWER)).status).toBe(403);
    const deletion = { as: SHOP_OPERATOR, ...ifMatch(1) };
    expect((await api.call('DELETE', `/v1/databases/overrides/${body.id}`, deletion)).status).toBe(404);
  });

  test('is made of each item of a batch on its own', async () => {
    const items = [drain, { ...drain, hostgroup: 20 }, drain].map((item) => ({ ...item }));
    const { body } = await post('/v1/databases/overrides/actions/batch', { items });
    expect(body.items.map(({ status }: { status: number }) => status)).toEqual([201, 201, 409]);
  });

  test('is made by an action, changed by the same again, and a drain is taken back', async () => {
    const weight = (fields: object) => post('/v1/databases/actions/weight', server(fields));
    expect((await weight({ weight: 3 })).status).toBe(400);
    const first = await weight({ weight: 3, until: '2026-01-31T13:00:00Z' });
    expect(first).toMatchObject({ status: 201, body: { kind: 'weight', weight: 3, hostgroup: null } });
    const second = await weight({ weight: 4, until: '2026-01-31T14:00:00Z', reason: 'longer' });
    expect(second).toMatchObject({
      status: 200,
      body: { id: first.body.id, weight: 4, revision: 2, reason: 'longer' },
    });
    const late = await weight({ weight: 4, until: '2026-01-31T11:00:00Z' });
    expect([late.status, late.body.errors[0].pointer]).toEqual([422, '/until']);
    expect((await post('/v1/databases/actions/pin', server())).status).toBe(400);

    expect((await post('/v1/databases/actions/undrain', server())).status).toBe(404);
    const drained = await post('/v1/databases/actions/drain', server({ hostgroup: 20, reason: 'x' }));
    expect((await post('/v1/databases/actions/undrain', server())).status).toBe(404);
    const undrained = await post('/v1/databases/actions/undrain', server({ hostgroup: 20 }));
    expect(undrained).toMatchObject({ status: 200, body: { removed: [{ id: drained.body.id }] } });
    expect((await get('/v1/databases/overrides')).body.items).toHaveLength(1);
    expect((await post('/v1/databases/actions/drain', server(), SHOP_VIEWER)).status).toBe(403);
  });
});

test('every example of a body fits its schema', () => {
  for (const { body, example, operationId } of databasesRoutes) {
    if (body === undefined || example === undefined) continue;
    expect([operationId, body.safeParse(example).error]).toEqual([operationId, undefined]);
  }
});
