import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { namespaceRoutes } from '../../../functions/api/namespaces/namespace-routes.ts';
import { createTestApi, type TestApi, type TestCaller } from '../../support/api-harness.ts';
import { type MigratedDcdb, startMigratedDcdb } from '../../support/migrated-dcdb.ts';

let dcdb: MigratedDcdb;
let db: Dcdb;
let api: TestApi;

beforeAll(async () => {
  dcdb = await startMigratedDcdb();
  db = dcdb.db;
  api = createTestApi(namespaceRoutes, { db });
});
afterAll(() => dcdb?.stop());
beforeEach(async () => {
  for (const table of ['audit', 'accounts', 'proxies', 'namespace_revisions', 'namespaces'] as const)
    await db.deleteFrom(table).execute();
});

const SHOP_OPERATOR: TestCaller = { name: 'olga', roles: { shop: 'operator' } };
const ORDERS = { name: 'orders', writerHostgroup: 10, readerHostgroup: 11, cluster: 'orders-eu' };

async function create(body: Readonly<Record<string, unknown>> = {}) {
  const answer = await api.call('POST', '/v1/namespaces', { body: { name: 'shop', ...body } });
  expect(answer).toMatchObject({ status: 201 });
  return answer.body;
}

function change(body: unknown, revision = 1, as: TestCaller = 'operator') {
  return api.call('PATCH', '/v1/namespaces/shop', { body, as, headers: { 'if-match': `"${revision}"` } });
}

describe('creating a namespace', () => {
  test('needs no more than a name, and restricts nothing', async () => {
    const answer = await api.call('POST', '/v1/namespaces', { body: { name: 'shop' } });
    expect(answer).toMatchObject({ status: 201, headers: { location: '/v1/namespaces/shop', etag: '"1"' } });
    expect(answer.body).toMatchObject({
      name: 'shop',
      online: true,
      readOnly: false,
      allowedSchemas: [],
      slices: [],
      defaultSlice: null,
      qpsLimit: null,
      revision: 1,
    });
    expect(await api.call('GET', '/v1/namespaces/shop')).toMatchObject({ status: 200, body: answer.body });
  });

  test('takes all fields', async () => {
    const fields = {
      description: 'the shop',
      online: false,
      readOnly: true,
      allowedSchemas: ['shop'],
      allowedIps: ['10.0.0.0/8', '::1'],
      slices: [ORDERS],
      defaultSlice: 'orders',
      readWriteSplit: true,
      deniedSql: [
        { digest: '0x7C7F1A4D3B2E9A10', mode: 'observe', comment: '' },
        { pattern: '^DROP\\s', mode: 'deny', comment: 'never' },
      ],
      slowSqlMs: 500,
      maxExecutionMs: 30_000,
      maxResultRows: 10_000,
      maxClientConnections: 500,
      qpsLimit: 2_000,
      owner: 'team shop',
      tags: ['tier-1'],
    };
    const body = await create(fields);
    expect(body).toMatchObject(fields);
    expect((await api.call('GET', '/v1/namespaces/shop')).body).toEqual(body);
  });

  test.each<[string, Readonly<Record<string, unknown>>, string, string]>([
    ['an unknown field', { nosuch: 1 }, '/nosuch', 'unknown field'],
    ['a network that is none', { allowedIps: ['10.0.0.7/8'] }, '/allowedIps/0', 'bits set'],
    [
      'a pattern that looks ahead',
      { deniedSql: [{ pattern: '(?=a)', mode: 'deny' }] },
      '/deniedSql/0/pattern',
      'look-ahead',
    ],
    [
      'both digest and pattern',
      { deniedSql: [{ digest: '0x1', pattern: 'a', mode: 'deny' }] },
      '/deniedSql/0',
      'exactly one',
    ],
    ['neither digest nor pattern', { deniedSql: [{ mode: 'deny' }] }, '/deniedSql/0', 'exactly one'],
    ['a tag twice', { tags: ['a', 'a'] }, '/tags', 'twice'],
    [
      'a hostgroup below zero',
      { slices: [{ ...ORDERS, writerHostgroup: -1 }] },
      '/slices/0/writerHostgroup',
      'from 0 to 2147483647',
    ],
    ['an unknown field of a slice', { slices: [{ ...ORDERS, weight: 1 }] }, '/slices/0/weight', 'unknown field'],
  ])('refuses %s and says where', async (_, fields, pointer, message) => {
    const answer = await api.call('POST', '/v1/namespaces', { body: { name: 'shop', ...fields } });
    expect(answer).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID', errors: [{ pointer }] } });
    expect(answer.body.errors[0].message).toContain(message);
  });

  test('refuses fields that contradict each other', async () => {
    const answer = await api.call('POST', '/v1/namespaces', { body: { name: 'shop', defaultSlice: 'orders' } });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: '/defaultSlice' }] } });
  });

  test('is refused when there is one of the name, and to all but administrators of it', async () => {
    await create();
    expect(await api.call('POST', '/v1/namespaces', { body: { name: 'shop' } })).toMatchObject({ status: 409 });
    const body = { name: 'crm' };
    expect(await api.call('POST', '/v1/namespaces', { body, as: 'operator' })).toMatchObject({ status: 403 });
    const admin: TestCaller = { roles: { shop: 'admin' } };
    expect(await api.call('POST', '/v1/namespaces', { body, as: admin })).toMatchObject({ status: 403 });
  });

  test('as a dry run leaves nothing behind', async () => {
    const answer = await api.call('POST', '/v1/namespaces?dryRun=true', { body: { name: 'shop' } });
    expect(answer).toMatchObject({ status: 200, body: { name: 'shop' } });
    expect(await api.call('GET', '/v1/namespaces/shop')).toMatchObject({ status: 404 });
  });
});

describe('namespaces', () => {
  test('that the caller may not see are neither listed nor found', async () => {
    await create();
    await create({ name: 'crm' });
    const listed = await api.call('GET', '/v1/namespaces', { as: SHOP_OPERATOR });
    expect(listed.body.items.map(({ name }: { name: string }) => name)).toEqual(['shop']);
    expect(await api.call('GET', '/v1/namespaces/crm', { as: SHOP_OPERATOR })).toMatchObject({ status: 404 });
  });

  test('are filtered, sorted and paged', async () => {
    for (const name of ['a', 'b', 'c'])
      await create({
        name,
        online: name !== 'b',
        owner: `team ${name}`,
        tags: name === 'a' ? ['tier "1"', 'x'] : ['x'],
      });
    const names = async (query: string) => {
      const { body } = await api.call('GET', `/v1/namespaces?${query}`);
      return { names: body.items.map(({ name }: { name: string }) => name), cursor: body.nextCursor };
    };
    expect(await names('filter[online]=false')).toEqual({ names: ['b'], cursor: null });
    expect(await names('tag=tier+%221%22')).toEqual({ names: ['a'], cursor: null });
    expect(await names('tag=tier')).toEqual({ names: [], cursor: null });
    expect(await names('filter[owner][like]=team*&sort=-name')).toEqual({ names: ['c', 'b', 'a'], cursor: null });
    const first = await names('limit=2');
    expect(first.names).toEqual(['a', 'b']);
    expect(await names(`limit=2&cursor=${encodeURIComponent(first.cursor)}`)).toEqual({ names: ['c'], cursor: null });
  });
});

describe('changing a namespace', () => {
  test('replaces the fields that are given, and raises the revision', async () => {
    await create({ description: 'before', tags: ['x'] });
    const answer = await change({ tags: [], slowSqlMs: 200 });
    expect(answer).toMatchObject({
      status: 200,
      headers: { etag: '"2"' },
      body: { description: 'before', tags: [], slowSqlMs: 200, revision: 2 },
    });
  });

  test('needs the revision that is known, and an operator', async () => {
    await create();
    expect(await api.call('PATCH', '/v1/namespaces/shop', { body: {} })).toMatchObject({ status: 428 });
    expect(await change({ owner: 'x' }, 7)).toMatchObject({ status: 412 });
    expect(await change({ owner: 'x' }, 1, 'viewer')).toMatchObject({ status: 403 });
    expect(await change({ owner: 'x' }, 1, { roles: { crm: 'admin' } })).toMatchObject({ status: 404 });
  });

  test('is checked as a whole', async () => {
    await create({ slices: [ORDERS], defaultSlice: 'orders' });
    expect(await change({ slices: [] })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/defaultSlice' }] },
    });
    expect(await change({ slices: [], defaultSlice: null })).toMatchObject({ status: 200 });
  });

  test('to what it is already makes no revision', async () => {
    await create({ owner: 'a' });
    expect(await change({ owner: 'a' })).toMatchObject({ status: 200, body: { revision: 1 } });
  });

  test('of two who know the same revision one succeeds', async () => {
    await create();
    const answers = await Promise.all([change({ owner: 'a' }), change({ owner: 'b' })]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412]);
  });

  test('is audited with what it was and what it became', async () => {
    await create();
    await api.call('PATCH', '/v1/namespaces/shop', {
      as: SHOP_OPERATOR,
      body: { readOnly: true },
      headers: { 'if-match': '"1"', 'x-reason': 'maintenance' },
    });
    const [, record] = await db.selectFrom('audit').selectAll().orderBy('id').execute();
    expect(record).toMatchObject({ actor: 'olga', action: 'update', namespace: 'shop', reason: 'maintenance' });
    expect([record?.before_state, record?.after_state]).toMatchObject([{ readOnly: false }, { readOnly: true }]);
  });
});

describe('the actions online and offline', () => {
  test('switch a namespace, whatever its revision', async () => {
    await create();
    expect(await api.call('POST', '/v1/namespaces/shop/actions/offline', { as: SHOP_OPERATOR })).toMatchObject({
      status: 200,
      body: { online: false, revision: 2 },
    });
    expect(await api.call('POST', '/v1/namespaces/shop/actions/offline')).toMatchObject({ body: { revision: 2 } });
    expect(await api.call('POST', '/v1/namespaces/shop/actions/online')).toMatchObject({
      body: { online: true, revision: 3 },
    });
  });
});

describe('revisions', () => {
  test('are kept with who made them and why', async () => {
    await create({ owner: 'a' });
    await api.call('PATCH', '/v1/namespaces/shop', {
      as: SHOP_OPERATOR,
      body: { owner: 'b' },
      headers: { 'if-match': '*', 'x-reason': 'they moved' },
    });
    const { body } = await api.call('GET', '/v1/namespaces/shop/revisions');
    expect(body.items).toMatchObject([
      { revision: 2, author: 'olga', reason: 'they moved' },
      { revision: 1, author: 'test-admin', reason: '' },
    ]);
    expect(await api.call('GET', '/v1/namespaces/shop/revisions/1')).toMatchObject({
      status: 200,
      body: { document: { owner: 'a' } },
    });
    expect(await api.call('GET', '/v1/namespaces/shop/revisions/3')).toMatchObject({ status: 404 });
  });

  test('of a namespace that came into being with a proxy begin with what it was', async () => {
    await db.insertInto('namespaces').values({ name: 'shop', tags: '[]' }).execute();
    expect(await api.call('GET', '/v1/namespaces/shop/revisions/1')).toMatchObject({ status: 200 });
    await change({ owner: 'b' });
    const { body } = await api.call('GET', '/v1/namespaces/shop/revisions');
    expect(body.items).toMatchObject([
      { revision: 2 },
      { revision: 1, author: 'proxywatch', reason: 'as it was found' },
    ]);
  });

  test('are compared field by field', async () => {
    await create({ tags: ['a'] });
    await change({ tags: ['b'], qpsLimit: 10 });
    await change({ qpsLimit: 20 }, 2);
    const diff = async (path: string) => (await api.call('GET', `/v1/namespaces/shop/revisions/${path}`)).body;
    expect(await diff('1/diff?to=2')).toEqual({
      from: 1,
      to: 2,
      differences: [
        { field: 'qpsLimit', from: null, to: 10 },
        { field: 'tags', from: ['a'], to: ['b'], added: ['b'], removed: ['a'] },
      ],
    });
    expect(await diff('2/diff')).toMatchObject({ to: 3, differences: [{ field: 'qpsLimit', from: 10, to: 20 }] });
    expect(await diff('3/diff?to=2')).toMatchObject({ differences: [{ from: 20, to: 10 }] });
    expect(await diff('1/diff?to=9')).toMatchObject({ status: 404 });
  });

  test('are restored as new revisions', async () => {
    await create({ owner: 'a', slices: [ORDERS], defaultSlice: 'orders' });
    await change({ owner: 'b', slices: [], defaultSlice: null });
    const restore = (revision: number) =>
      api.call('POST', '/v1/namespaces/shop/actions/restore', { body: { revision }, headers: { 'x-reason': 'oops' } });
    expect(await restore(1)).toMatchObject({ status: 200, body: { owner: 'a', slices: [ORDERS], revision: 3 } });
    expect(await restore(7)).toMatchObject({ status: 404 });
    const { body } = await api.call('GET', '/v1/namespaces/shop/revisions?limit=1');
    expect(body.items).toMatchObject([{ revision: 3, reason: 'restores revision 1: oops' }]);
  });
});

describe('a clone', () => {
  test('has the rules of the original, begins offline, and has no accounts', async () => {
    await create({ slices: [ORDERS], defaultSlice: 'orders', owner: 'team shop' });
    const answer = await api.call('POST', '/v1/namespaces/shop/actions/clone', {
      body: { name: 'shop-staging', description: 'for trials' },
    });
    expect(answer).toMatchObject({
      status: 201,
      headers: { location: '/v1/namespaces/shop-staging' },
      body: { slices: [ORDERS], owner: 'team shop', description: 'for trials', online: false, revision: 1 },
    });
    expect(await db.selectFrom('accounts').select('id').execute()).toEqual([]);
  });

  test('is refused for a name that is taken, or without the role for it', async () => {
    await create();
    const clone = (name: string, as: TestCaller = 'admin') =>
      api.call('POST', '/v1/namespaces/shop/actions/clone', { body: { name }, as });
    expect(await clone('shop')).toMatchObject({ status: 409 });
    expect(await clone('crm', { roles: { shop: 'admin' } })).toMatchObject({ status: 403 });
    expect(await clone('crm', { roles: { crm: 'admin' } })).toMatchObject({ status: 404 });
  });
});

describe('deleting a namespace', () => {
  const remove = (as: TestCaller = 'admin') =>
    api.call('DELETE', '/v1/namespaces/shop', { as, headers: { 'if-match': '"1"' } });

  test('takes its revisions along, and is for administrators', async () => {
    await create();
    expect(await remove('operator')).toMatchObject({ status: 403 });
    expect(await remove()).toMatchObject({ status: 204 });
    expect(await api.call('GET', '/v1/namespaces/shop')).toMatchObject({ status: 404 });
    expect(await create()).toMatchObject({ revision: 1 });
    expect((await api.call('GET', '/v1/namespaces/shop/revisions')).body.items).toHaveLength(1);
  });

  test('is refused while anything belongs to it', async () => {
    await create();
    await db
      .insertInto('proxies')
      .values({
        id: 'shop-1',
        kind: 'proxysql',
        namespace: 'shop',
        admin_host: '127.0.0.1',
        admin_port: 6032,
        admin_tls: 0,
        traffic_host: null,
        traffic_port: null,
        stats_credential_ref: 'stats',
        admin_credential_ref: null,
        labels: '{}',
      })
      .execute();
    expect(await remove()).toMatchObject({
      status: 409,
      body: { detail: 'the namespace is still in use (proxies: 1)' },
    });
  });
});

describe('a batch', () => {
  test('does each item by itself', async () => {
    await create();
    const answer = await api.call('POST', '/v1/namespaces/actions/batch', {
      body: {
        items: [
          { action: 'create', namespace: { name: 'crm' } },
          { action: 'create', namespace: { name: 'shop' } },
          { action: 'update', name: 'shop', revision: 9, changes: { owner: 'x' } },
          { action: 'update', name: 'shop', changes: { defaultSlice: 'none' } },
          { action: 'offline', name: 'shop', revision: 1 },
          { action: 'delete', name: 'nosuch' },
          { action: 'delete', name: 'crm' },
        ],
      },
    });
    expect(answer.status).toBe(200);
    const statuses = answer.body.items.map(({ status }: { status: number }) => status);
    expect(statuses).toEqual([201, 409, 412, 422, 200, 404, 204]);
  });

  test('asks for the role of each item', async () => {
    await create();
    const answer = await api.call('POST', '/v1/namespaces/actions/batch', {
      as: SHOP_OPERATOR,
      body: {
        items: [
          { action: 'delete', name: 'shop' },
          { action: 'offline', name: 'shop' },
        ],
      },
    });
    expect(answer.body.items.map(({ status }: { status: number }) => status)).toEqual([403, 200]);
  });
});
