import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Role } from '@proxywatch/core/domain/access/role';
import { absentDatabaseConfig } from '@proxywatch/core/drivers/dbconfig/absent-database-config';
import { fetchBindingsOf } from '@proxywatch/core/drivers/dcdb/access/role-bindings';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { createProxysqlControl } from '@proxywatch/core/drivers/proxysql/control/create-control';
import { createProxysqlDriver } from '@proxywatch/core/drivers/proxysql/driver';
import { absentSkyeye } from '../../../functions/api/shared/absent-services.ts';
import { systemRoutes } from '../../../functions/api/system/routes.ts';
import { createTestApi, type TestCall, type TestCaller } from '../../support/api-harness.ts';
import { type MigratedDcdb, startMigratedDcdb } from '../../support/migrated-dcdb.ts';

let dcdb: MigratedDcdb;
let db: Dcdb;

beforeAll(async () => {
  dcdb = await startMigratedDcdb();
  db = dcdb.db;
  await db
    .insertInto('namespaces')
    .values(['shop', 'blog'].map((name) => ({ name, tags: '[]' })))
    .execute();
});
afterAll(() => dcdb?.stop());
beforeEach(async () => {
  for (const table of ['audit', 'role_bindings', 'settings', 'idempotency_keys'] as const)
    await db.deleteFrom(table).execute();
});

const api = (hasBootstrapAdmin = false) => {
  const [control, driver] = [createProxysqlControl(), createProxysqlDriver()];
  return createTestApi(systemRoutes, {
    db,
    hasBootstrapAdmin,
    controls: new Map([[control.kind, control]]),
    drivers: new Map([[driver.kind, driver]]),
    databases: absentDatabaseConfig,
    skyeye: absentSkyeye,
    redis: { address: 'redis', call: async () => 'PONG', evaluate: async () => null, close: async () => {} },
  });
};
const call = (method: string, path: string, options: TestCall = {}) => api().call(method, path, options);
const shopAdmin: TestCaller = { name: 'sam', roles: { shop: 'admin' } };

async function bind(subject: string, role: Role, namespace: string, as: TestCaller = 'admin') {
  return call('POST', '/v1/role-bindings', { as, body: { subjectKind: 'user', subject, role, namespace } });
}
const remove = ({ body }: { body: { id: string; revision: number } }, options: TestCall = {}, bootstrap = false) =>
  api(bootstrap).call('DELETE', `/v1/role-bindings/${body.id}`, {
    headers: { 'if-match': `"${body.revision}"` },
    ...options,
  });

describe('role bindings', () => {
  test('are given, seen, changed and taken away, and each is audited', async () => {
    const given = await bind('ana', 'operator', 'shop');
    expect(given).toMatchObject({
      status: 201,
      headers: { etag: '"1"' },
      body: { subject: 'ana', createdBy: 'test-admin', revision: 1 },
    });
    const path = given.headers.location!;
    expect(await call('GET', path)).toMatchObject({ status: 200, body: given.body });
    expect(await fetchBindingsOf(db, { name: 'ana', groups: ['x'] })).toMatchObject([
      { role: 'operator', namespace: 'shop' },
    ]);
    expect(await fetchBindingsOf(db, { name: 'x', groups: ['ana'] })).toEqual([]);
    const patch = (revision: number) =>
      call('PATCH', path, { body: { role: 'viewer' }, headers: { 'if-match': `"${revision}"` } });
    expect(await patch(1)).toMatchObject({ status: 200, body: { role: 'viewer', revision: 2 } });
    expect(await patch(1)).toMatchObject({ status: 412, body: { code: 'STALE' } });
    expect(await remove({ body: { id: given.body.id, revision: 2 } })).toMatchObject({ status: 204, text: '' });
    expect(await call('GET', path)).toMatchObject({ status: 404 });
    const { items } = (await call('GET', '/v1/audit')).body;
    expect(items).toMatchObject([
      { action: 'delete', resourceType: 'role-binding', namespace: 'shop', before: { role: 'viewer' }, after: null },
      { action: 'update', before: { role: 'operator' }, after: { role: 'viewer' } },
      { action: 'create', before: null, after: { subject: 'ana' }, actor: 'test-admin' },
    ]);
  });

  test('are given once per subject and namespace, in namespaces that there are', async () => {
    await bind('ana', 'operator', 'shop');
    expect(await bind('ana', 'viewer', 'shop')).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
    expect(await bind('ana', 'viewer', 'blog')).toMatchObject({ status: 201 });
    expect(await bind('ana', 'viewer', 'nowhere')).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/namespace' }] },
    });
    expect(await bind("' or 1=1 -- ", 'viewer', 'shop')).toMatchObject({
      status: 201,
      body: { subject: "' or 1=1 -- " },
    });
  });

  test("of a namespace are its admins' business, and of all namespaces that of the admins of all", async () => {
    const [shop, blog, all] = [
      await bind('a', 'viewer', 'shop'),
      await bind('b', 'viewer', 'blog'),
      await bind('c', 'viewer', '*'),
    ];
    expect((await call('GET', '/v1/role-bindings', { as: shopAdmin })).body.items).toEqual([shop.body]);
    expect((await call('GET', '/v1/role-bindings')).body.items).toHaveLength(3);
    for (const other of [blog, all]) {
      expect(await call('GET', other.headers.location!, { as: shopAdmin })).toMatchObject({ status: 404 });
      expect(await remove(other, { as: shopAdmin })).toMatchObject({ status: 404 });
    }
    expect(await bind('d', 'admin', 'shop', shopAdmin)).toMatchObject({ status: 201 });
    expect(await bind('d', 'viewer', 'blog', shopAdmin)).toMatchObject({ status: 403 });
    expect(await bind('d', 'viewer', '*', shopAdmin)).toMatchObject({ status: 403 });
    expect(await remove(shop, { as: shopAdmin })).toMatchObject({ status: 204 });
    expect(await bind('d', 'viewer', 'shop', 'operator')).toMatchObject({ status: 403 });
    const fleetViewer: TestCaller = { roles: { '*': 'viewer', shop: 'admin' } };
    expect(await call('GET', all.headers.location!, { as: fleetViewer })).toMatchObject({ status: 404 });
  });

  test('leave an admin of all namespaces, whoever asks at the same time', async () => {
    const [first, second] = [await bind('ana', 'admin', '*'), await bind('bob', 'admin', '*')];
    const statuses = (await Promise.all([remove(first), remove(second)])).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([204, 409]);
    const { items } = (await call('GET', '/v1/role-bindings')).body;
    expect(items).toHaveLength(1);
    const demote = { body: { role: 'operator' }, headers: { 'if-match': '*' } };
    expect(await call('PATCH', `/v1/role-bindings/${items[0].id}`, demote)).toMatchObject({ status: 409 });
    expect(await remove({ body: items[0] }, {}, true)).toMatchObject({ status: 204 });
  });

  test('are not changed by a rehearsal', async () => {
    const given = await bind('ana', 'operator', 'shop');
    const path = `${given.headers.location}?dryRun=true`;
    expect(await call('DELETE', path, { headers: { 'if-match': '"1"' } })).toMatchObject({
      status: 204,
      headers: { 'dry-run': 'true' },
    });
    expect(await call('GET', given.headers.location!)).toMatchObject({ status: 200, body: given.body });
  });
});

describe('the audit', () => {
  test('shows each caller what its namespaces are about', async () => {
    await bind('a', 'viewer', 'shop');
    await bind('b', 'viewer', 'blog');
    await bind('c', 'viewer', '*');
    const shop = await call('GET', '/v1/audit', { as: { roles: { shop: 'viewer' } } });
    expect(shop.body.items).toMatchObject([{ namespace: 'shop' }]);
    expect((await call('GET', '/v1/audit', { as: 'viewer' })).body.items).toHaveLength(3);
  });

  test('is filtered and read page by page', async () => {
    for (let i = 0; i < 7; i += 1) await bind(`user${i}`, 'viewer', i % 2 === 0 ? 'shop' : 'blog');
    const first = await call('GET', '/v1/audit?filter[namespace]=shop&limit=3');
    const second = await call('GET', `/v1/audit?filter[namespace]=shop&limit=3&cursor=${first.body.nextCursor}`);
    const subjects = [first, second].flatMap(({ body }) =>
      body.items.map((item: { after: { subject: string } }) => item.after.subject),
    );
    expect(subjects).toEqual(['user6', 'user4', 'user2', 'user0']);
    expect(second.body.nextCursor).toBeNull();
    const { items } = first.body;
    expect((await call('GET', `/v1/audit?filter[resourceId]=${items[0].resourceId}`)).body.items).toEqual([items[0]]);
    expect((await call('GET', `/v1/audit?to=${items[2].at}`)).body.items.length).toBeLessThan(5);
    expect((await call('GET', `/v1/audit?from=${items[0].at}`)).body.items.length).toBeGreaterThan(0);
    expect((await call('GET', '/v1/audit?filter[actor]=nobody')).body.items).toEqual([]);
  });
});

describe('the switch of all writes', () => {
  test('is on until somebody turns it off, with the reason', async () => {
    expect(await call('GET', '/v1/settings/writes', { as: 'viewer' })).toMatchObject({
      body: { enabled: true, revision: 0, updatedAt: null },
    });
    const off = await call('POST', '/v1/settings/writes', { body: { enabled: false, reason: 'incident 42' } });
    expect(off).toMatchObject({
      status: 200,
      headers: { etag: '"1"' },
      body: { enabled: false, reason: 'incident 42', updatedBy: 'test-admin' },
    });
    expect((await call('GET', '/v1/settings/writes', { as: shopAdmin })).body).toEqual(off.body);
    expect(
      (
        await call('POST', '/v1/settings/writes', {
          body: { enabled: true, reason: 'over' },
          headers: { 'if-match': '"0"' },
        })
      ).status,
    ).toBe(412);
    expect((await call('GET', '/v1/audit')).body.items).toMatchObject([
      { action: 'disable-writes', reason: 'incident 42' },
    ]);
  });

  test('is for admins of all namespaces', async () => {
    expect(
      await call('POST', '/v1/settings/writes', { as: shopAdmin, body: { enabled: false, reason: 'x' } }),
    ).toMatchObject({ status: 403 });
    expect(await call('POST', '/v1/settings/writes', { body: { enabled: false } })).toMatchObject({ status: 400 });
  });
});

describe('the system', () => {
  test('tells callers who they are', async () => {
    expect(
      (await call('GET', '/v1/me', { as: { name: 'ana', roles: { shop: 'operator', blog: 'viewer' } } })).body,
    ).toEqual({
      name: 'ana',
      fleetRole: null,
      namespaces: [
        { namespace: 'blog', role: 'viewer' },
        { namespace: 'shop', role: 'operator' },
      ],
    });
    expect((await call('GET', '/v1/me', { as: 'operator' })).body).toMatchObject({
      fleetRole: 'operator',
      namespaces: [{ namespace: '*' }],
    });
  });

  test('tells what its drivers can take', async () => {
    expect((await call('GET', '/v1/drivers')).body).toEqual({
      items: [{ kind: 'proxysql', watches: true, changes: true }],
    });
    const { body } = await call('GET', '/v1/drivers/proxysql/capabilities');
    expect(body.fields.length).toBeGreaterThan(5);
    expect(
      body.fields
        .filter(({ support }: { support: string }) => support !== 'supported')
        .every(({ reason }: { reason: string }) => reason),
    ).toBe(true);
    expect(body.variables.total).toBeGreaterThan(50);
    expect(await call('GET', '/v1/drivers/haproxy/capabilities')).toMatchObject({ status: 404 });
  });

  test('tells viewers how the services behind it are', async () => {
    const { body } = await call('GET', '/healthz?deep=true', { as: 'viewer' });
    expect(body.status).toBe('degraded');
    expect(body.services).toMatchObject([
      { name: 'dcdb', state: 'ok', latencyMs: expect.any(Number) },
      { name: 'redis', state: 'ok' },
      { name: 'skyeye', state: 'unavailable', code: 'SERVICE_UNREACHABLE' },
      { name: 'dbconfig', state: 'unavailable' },
    ]);
  });
});
