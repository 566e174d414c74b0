import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { fetchAccount, fetchAccounts } from '@proxywatch/core/drivers/dcdb/accounts/account-repository';
import { createDcdb, type Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { registerNamespace } from '@proxywatch/core/drivers/dcdb/namespace-repository';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import { accountsRoutes } from '../../../functions/api/accounts/routes.ts';
import type { ApiDeps } from '../../../functions/api/shared/api-deps.ts';
import { variablesRoutes } from '../../../functions/api/variables/routes.ts';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { createTestApi, type TestApi } from '../../support/api-harness.ts';
import { startRawServer } from '../../support/raw-server.ts';
import { type ControlLab, forgetAll, startControlLab } from './control-lab.ts';

let lab: ControlLab;
let api: TestApi;

const routes = [...accountsRoutes, ...variablesRoutes];
const ACCOUNT = { namespace: 'shop', username: 'app', password: 'a long secret', defaultHostgroup: 10 };

beforeAll(async () => {
  lab = await startControlLab();
});
beforeEach(async () => {
  await forgetAll(lab.db);
  await registerNamespace(lab.db, { name: 'shop', description: '', owner: '', tags: [] });
  api = createTestApi(routes, lab.deps);
});
afterAll(() => lab?.stop());

async function create(): Promise<string> {
  const answer = await api.call('POST', '/v1/accounts', { body: ACCOUNT });
  expect(answer.status).toBe(201);
  return answer.body.id;
}

describe('while a service is away', () => {
  const away = (service: string) => ({
    status: 503,
    headers: { 'retry-after': expect.any(String) },
    body: { detail: `${service} is unavailable` },
  });

  async function withDcdb(use: (db: Dcdb) => Promise<void>, url: string): Promise<void> {
    const db = createDcdb(url, { connectTimeoutMs: 200, acquireTimeoutMs: 2_000 });
    try {
      await use(db);
    } finally {
      await db.destroy();
    }
  }

  const paths = ['/v1/accounts', '/v1/accounts/reports/passwords', '/v1/variables', '/v1/variables/settings'];

  test('reading and changing name the DCDB', async () => {
    const nobody = `mysql://a:b@127.0.0.1:${await pickFreePort()}/x`;
    await withDcdb(async (db) => {
      const broken = createTestApi(routes, { ...lab.deps, db });
      for (const path of paths) expect(await broken.call('GET', path)).toMatchObject(away('dcdb'));
      const answer = await broken.call('POST', '/v1/accounts', { body: ACCOUNT });
      expect(answer).toMatchObject(away('dcdb'));
      expect(answer.text).not.toContain('127.0.0.1');
    }, nobody);
  });

  test('a DCDB that hangs is given up', async () => {
    const silent = await startRawServer(() => undefined);
    await withDcdb(async (db) => {
      const broken = createTestApi(routes, { ...lab.deps, db });
      expect(await broken.call('GET', '/v1/accounts')).toMatchObject(away('dcdb'));
    }, `mysql://a:b@127.0.0.1:${silent.port}/x`);
    await silent.close();
  });

  test('an account without its connections names Redis, and can still be listed and deleted by force', async () => {
    const redis = createRedis(`redis://127.0.0.1:${await pickFreePort()}`);
    try {
      const id = await create();
      await lab.db
        .insertInto('proxies')
        .values({
          id: 'lab-1',
          kind: 'proxysql',
          namespace: 'shop',
          admin_host: '127.0.0.1',
          admin_port: 1,
          admin_tls: 0,
          traffic_host: null,
          traffic_port: null,
          stats_credential_ref: 'stats',
          admin_credential_ref: null,
          labels: '{}',
        })
        .execute();
      const broken = createTestApi(routes, { ...lab.deps, redis });
      const path = `/v1/accounts/${id}`;
      const ifMatch = { headers: { 'if-match': '"1"' } };
      expect(await broken.call('GET', path)).toMatchObject(away('redis'));
      expect(await broken.call('DELETE', path, ifMatch)).toMatchObject(away('redis'));
      expect((await broken.call('GET', '/v1/accounts')).status).toBe(200);
      expect((await broken.call('DELETE', `${path}?force=true`, ifMatch)).status).toBe(204);
    } finally {
      await redis.close();
    }
  });
});

describe('two operators at once', () => {
  test('do not overwrite each other: one of them learns that the account has changed', async () => {
    const path = `/v1/accounts/${await create()}`;
    const answers = await Promise.all(
      ['one', 'two', 'three'].map((comment) =>
        api.call('PATCH', path, { body: { comment }, headers: { 'if-match': '"1"' } }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412, 412]);
  });

  test('create one account of a name, not two', async () => {
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => api.call('POST', '/v1/accounts', { body: ACCOUNT })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409]);
    expect(await fetchAccounts(lab.db, 'shop')).toHaveLength(1);
  });

  test('set a variable one after the other', async () => {
    const body = { scope: 'namespace', scopeName: 'shop', name: 'mysql-max_connections', value: '77' };
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => api.call('PUT', '/v1/variables/settings', { body })),
    );
    expect(answers.map(({ status }) => status).filter((status) => status !== 200 && status !== 201)).toEqual([]);
    const { items } = (await api.call('GET', '/v1/variables/settings')).body;
    expect(items).toMatchObject([{ value: '77', revision: 4 }]);
  });
});

test('a repeated request creates nothing again, and another one under its key is refused', async () => {
  const headers = { 'idempotency-key': 'k1' };
  const [first, again] = [
    await api.call('POST', '/v1/accounts', { body: ACCOUNT, headers }),
    await api.call('POST', '/v1/accounts', { body: ACCOUNT, headers }),
  ];
  expect([first.status, again.status, again.body]).toEqual([201, 201, first.body]);
  const other = await api.call('POST', '/v1/accounts', { body: { ...ACCOUNT, username: 'other' }, headers });
  expect(other.status).toBe(422);
  expect(await fetchAccounts(lab.db, 'shop')).toHaveLength(1);
});

test('an account that moved to another hostgroup while its password was tried keeps the old password', async () => {
  const id = await create();
  const { databases } = lab.deps as ApiDeps;
  const body = { password: 'another secret', verify: true };
  // The database configuration service is asked after the account was read and before it is changed.
  await lab.db
    .updateTable('namespaces')
    .set({ spec: JSON.stringify({ slices: [{ name: 's', writerHostgroup: 10, readerHostgroup: 11, cluster: 'c' }] }) })
    .where('name', '=', 'shop')
    .execute();
  const racing = createTestApi(routes, {
    ...lab.deps,
    databases: {
      ...databases,
      async fetchInstances() {
        await lab.db.updateTable('accounts').set({ default_hostgroup: 20 }).execute();
        const { hostname, port } = new URL(lab.backend.url);
        const common = {
          id: 'i',
          weight: 1,
          zone: '',
          maxConnections: 1,
          maxReplicationLag: 0,
          useSsl: false,
        } as const;
        return {
          value: [{ ...common, host: hostname, port: Number(port), role: 'writer', status: 'online' }],
          staleSeconds: 0,
        };
      },
    },
  });
  const admin = await import('mysql2/promise').then(({ createConnection }) => createConnection(lab.backend.adminUrl));
  await admin.query("CREATE OR REPLACE USER 'app'@'%' IDENTIFIED BY 'another secret'");
  admin.destroy();
  const answer = await racing.call('POST', `/v1/accounts/${id}/actions/rotate-password`, { body });
  expect(answer).toMatchObject({ status: 409, body: { detail: expect.stringContaining('another hostgroup') } });
  expect(await fetchAccount(lab.db, id)).toMatchObject({ revision: 1 });
});

test('what a proxy never answers ends with the time of the request', async () => {
  const silent = await startRawServer(() => undefined);
  const id = await create();
  await lab.db
    .insertInto('proxies')
    .values({
      id: 'lab-1',
      kind: 'proxysql',
      namespace: 'shop',
      admin_host: '127.0.0.1',
      admin_port: silent.port,
      admin_tls: 0,
      traffic_host: '127.0.0.1',
      traffic_port: silent.port,
      stats_credential_ref: 'stats',
      admin_credential_ref: 'admin',
      managed: 1,
      labels: '{}',
    })
    .execute();
  // Of which the kit keeps one second for the answer.
  const soon = { remainingMs: 1_300 };
  const calls = await Promise.all([
    api.call('GET', '/v1/variables?proxyId=lab-1&live=true', soon),
    api.call('POST', `/v1/accounts/${id}/actions/kill-sessions`, { body: {}, ...soon }),
    api.call('POST', `/v1/accounts/${id}/actions/test-login`, { body: { proxyId: 'lab-1', password: 'x' }, ...soon }),
    api.call('POST', '/v1/accounts/actions/import', { body: { proxyId: 'lab-1' }, ...soon }),
  ]);
  expect(calls.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
  await silent.allGone();
  await silent.close();
});
