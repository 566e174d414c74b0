import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { insertAccount } from '@proxywatch/core/drivers/dcdb/accounts/account-writes';
import { createDcdb, type Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { migrateDcdb } from '@proxywatch/core/drivers/dcdb/migrate-dcdb';
import { createProxysqlControl } from '@proxywatch/core/drivers/proxysql/control/create-control';
import { namespaceRoutes } from '../../../functions/api/namespaces/namespace-routes.ts';
import type { MariadbService } from '../../../infra/local/services/mariadb.ts';
import { createTestApi, type TestApi, type TestCaller } from '../../support/api-harness.ts';
import { closeLabs, failureOf, type Lab, READER, startBackend, startLab, WRITER } from '../../support/lab-traffic.ts';

let backend: MariadbService;
let db: Dcdb;
let api: TestApi;

beforeAll(async () => {
  backend = await startBackend();
  db = createDcdb(backend.url);
  await migrateDcdb(db);
  const control = createProxysqlControl();
  api = createTestApi(namespaceRoutes, {
    db,
    controls: new Map([[control.kind, control]]),
    credentials: {
      async fetchCredential(ref) {
        if (ref !== 'admin') throw new ProxywatchError('CREDENTIAL_MISSING', `no credential ${ref}`);
        return { user: 'admin', password: 'admin' };
      },
    },
  });
});
afterAll(async () => {
  await db?.destroy();
  await backend?.stop();
});
beforeEach(async () => {
  for (const table of ['audit', 'accounts', 'proxies', 'namespace_revisions', 'namespaces'] as const)
    await db.deleteFrom(table).execute();
});
afterEach(closeLabs);

const SLICE = { name: 'orders', writerHostgroup: WRITER, readerHostgroup: READER, cluster: 'orders-eu' };

async function createShop(spec: Readonly<Record<string, unknown>> = {}) {
  const body = { name: 'shop', slices: [SLICE], defaultSlice: 'orders', readWriteSplit: true, ...spec };
  expect(await api.call('POST', '/v1/namespaces', { body })).toMatchObject({ status: 201 });
  await db.transaction().execute(async (tx) => {
    await insertAccount(tx, {
      id: randomUUID(),
      namespace: 'shop',
      username: 'app_rw',
      password: { plugin: 'mysql_native_password', hash: `*${'A'.repeat(40)}` },
      fingerprint: null,
      defaultHostgroup: WRITER,
      defaultSchema: 'shop',
      schemaLocked: false,
      transactionPersistent: true,
      fastForward: false,
      maxConnections: 100,
      useSsl: false,
      access: 'rw',
      allowedIps: [],
      active: true,
      comment: '',
      owner: '',
      expiresAt: null,
    });
  });
}

function testSql(sql: string, more: Readonly<Record<string, unknown>> = {}, as: TestCaller = 'viewer') {
  const body = { sql, username: 'app_rw', ...more };
  return api.call('POST', '/v1/namespaces/shop/actions/test-sql', { body, as });
}

describe('by the desired rules a statement', () => {
  test('goes to the readers of its slice when it reads, and to the writer when it writes', async () => {
    await createShop();
    expect(await testSql('SELECT * FROM stock WHERE n > 5')).toMatchObject({
      status: 200,
      body: {
        source: 'desired',
        proxyId: null,
        digestText: 'SELECT * FROM stock WHERE n > ?',
        digest: expect.stringMatching(/^0x[0-9A-F]{16}$/),
        schema: 'shop',
        outcome: 'forwarded',
        hostgroup: READER,
        slice: { name: 'orders', cluster: 'orders-eu', role: 'reader' },
        decidedBy: expect.any(Number),
        certain: true,
      },
    });
    for (const sql of ['UPDATE stock SET n = 1', 'SELECT n FROM stock FOR UPDATE'])
      expect((await testSql(sql)).body).toMatchObject({ hostgroup: WRITER, slice: { role: 'writer' } });
  });

  test('is refused by what is denied, and counted by what is observed', async () => {
    const { body } = await (async () => {
      await createShop();
      return testSql('SELECT 1 FROM crm.secrets');
    })();
    await api.call('PATCH', '/v1/namespaces/shop', {
      headers: { 'if-match': '*' },
      body: {
        deniedSql: [
          { pattern: '^DROP', mode: 'deny', comment: 'never' },
          { digest: body.digest, mode: 'deny' },
          { pattern: '^DELETE', mode: 'observe' },
        ],
      },
    });
    expect((await testSql('drop table stock')).body).toMatchObject({
      outcome: 'refused',
      hostgroup: null,
      slice: null,
    });
    expect((await testSql('SELECT 2 FROM crm.secrets')).body).toMatchObject({ outcome: 'refused' });
    const observed = (await testSql('DELETE FROM stock')).body;
    expect(observed).toMatchObject({ outcome: 'forwarded', hostgroup: WRITER, decidedBy: null });
    expect(observed.matched).toMatchObject([{ hostgroup: null, comment: expect.stringContaining('counted') }]);
  });

  test('of an account that is not active goes nowhere, which is noted', async () => {
    await createShop();
    expect((await testSql('SELECT 1')).body.notes).toEqual([]);
    await db.updateTable('accounts').set({ active: 0 }).execute();
    expect((await testSql('SELECT 1')).body.notes).toEqual(['account app_rw is not active: nobody can log in with it']);
  });

  test('of a client that is not known may go either way where addresses count', async () => {
    await createShop({ allowedIps: ['10.1.0.0/16'] });
    const unknown = (await testSql('SELECT 1')).body;
    expect(unknown).toMatchObject({ certain: false });
    expect(unknown.undecided[0].reason).toContain('no clientAddress was given');
    expect((await testSql('SELECT 1', { clientAddress: '10.1.2.3' })).body).toMatchObject({
      outcome: 'forwarded',
      certain: true,
    });
    expect((await testSql('SELECT 1', { clientAddress: '10.2.2.3' })).body).toMatchObject({
      outcome: 'refused',
      certain: true,
    });
  });

  test('is told of for accounts and kinds that there are', async () => {
    await createShop();
    expect(await testSql('SELECT 1', { username: 'nobody' })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/username' }] },
    });
    expect(await testSql('SELECT 1', { kind: 'maxscale' })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/kind' }] },
    });
    expect(await testSql('')).toMatchObject({ status: 400, body: { errors: [{ pointer: '/sql' }] } });
    expect(await testSql('SELECT 1', {}, { roles: { crm: 'admin' } })).toMatchObject({ status: 404 });
  });
});

describe('by the rules that run on a proxy a statement', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await startLab(backend.port);
    await createShop();
    await addProxy('shop-1', 'shop');
  });

  async function addProxy(id: string, namespace: string) {
    await db.insertInto('namespaces').ignore().values({ name: namespace, tags: '[]' }).execute();
    await db
      .insertInto('proxies')
      .values({
        id,
        kind: 'proxysql',
        namespace,
        admin_host: '127.0.0.1',
        admin_port: lab.adminPort,
        admin_tls: 0,
        traffic_host: null,
        traffic_port: null,
        stats_credential_ref: 'stats',
        admin_credential_ref: 'admin',
        labels: '{}',
      })
      .execute();
  }

  const STATEMENTS = [
    'SELECT n FROM stock',
    "SELECT n FROM stock WHERE sku = 'a' FOR UPDATE",
    'UPDATE stock SET n = n + 1',
    "INSERT INTO orders (cust, note) VALUES (1, 'x')",
    'select /* in lower case */ 7',
  ];

  test('goes where the proxy really sends it', async () => {
    const client = await lab.client();
    for (const sql of STATEMENTS) await client.query(sql);
    const digests = await lab.admin('SELECT hostgroup, digest FROM stats_mysql_query_digest');
    const sentTo = new Map(digests.map(({ digest, hostgroup }) => [digest, Number(hostgroup)]));
    for (const sql of STATEMENTS) {
      const { body } = await testSql(sql, { proxyId: 'shop-1' }, 'operator');
      expect({ sql, hostgroup: body.hostgroup }).toEqual({ sql, hostgroup: sentTo.get(body.digest) });
      expect(body).toMatchObject({ source: 'proxy', proxyId: 'shop-1', outcome: 'forwarded', certain: true });
    }
    const refusal = await failureOf(client.query('DROP TABLE nosuch'));
    const { body } = await testSql('DROP TABLE nosuch', { proxyId: 'shop-1' }, 'operator');
    expect(body).toMatchObject({ outcome: 'refused', message: 'blocked by rule', decidedBy: 50 });
    expect(refusal.message).toContain(body.message);
  });

  test('is told of to operators, of proxies of the namespace, and of users that they have', async () => {
    await addProxy('crm-1', 'crm');
    const ask = (more: Readonly<Record<string, unknown>>, as: TestCaller = 'operator') => testSql('SELECT 1', more, as);
    expect(await ask({ proxyId: 'shop-1' }, 'viewer')).toMatchObject({ status: 403 });
    expect(await ask({ proxyId: 'crm-1' })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/proxyId' }] } });
    expect(await ask({ proxyId: 'shop-1', username: 'nobody' })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/username' }] },
    });
    await closeLabs();
    expect(await ask({ proxyId: 'shop-1' })).toMatchObject({ status: 409, body: { code: 'PROXY_UNREACHABLE' } });
  });
});
