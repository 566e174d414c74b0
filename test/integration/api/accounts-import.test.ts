import { beforeEach, describe, expect, test } from '@jest/globals';
import { fetchAccounts } from '@proxywatch/core/drivers/dcdb/accounts/account-repository';
import { hashPassword, verifyPassword } from '@proxywatch/core/drivers/proxysql/control/password-hash';
import { accountsRoutes } from '../../../functions/api/accounts/routes.ts';
import { planRoutes } from '../../../functions/api/namespaces/plan-routes.ts';
import type { ApiDeps } from '../../../functions/api/shared/api-deps.ts';
import { createTestApi, type TestApi } from '../../support/api-harness.ts';
import { type Lab, startLab } from '../../support/lab-traffic.ts';
import { addAccount, OPERATOR, useAccountsLab } from './accounts-lab.ts';
import { type ControlLab, register } from './control-lab.ts';

const current = useAccountsLab();
let lab: ControlLab;
let api: TestApi;
let proxy: Lab;
beforeEach(() => {
  ({ lab, api, proxy } = current());
});

const account = (username: string, fields?: object) => addAccount(api, username, fields);

describe('importing', () => {
  const importFrom = (body: object, query = '') =>
    api.call('POST', `/v1/accounts/actions/import${query}`, { body: { proxyId: 'lab-1', ...body }, ...OPERATOR });
  const managed = async () =>
    (await lab.db.selectFrom('managed_rows').select(['proxy_id', 'row_key']).execute())
      .map(({ proxy_id, row_key }) => `${proxy_id} ${row_key}`)
      .toSorted();

  test('takes the users of a proxy over: clear text hashed, hashes as they are', async () => {
    const { hash } = hashPassword('mysql_native_password', 'hashed secret');
    await proxy.admin(
      `INSERT INTO mysql_users (username, password, default_hostgroup, comment) VALUES ('hashed', '${hash}', 20, 'of old')`,
    );
    await proxy.admin('LOAD MYSQL USERS TO RUNTIME');
    const answer = await importFrom({});
    expect(answer.status).toBe(200);
    const names = answer.body.imported.map(({ username }: { username: string }) => username);
    expect(names).toEqual(['app_ro', 'app_rw', 'ghost', 'hashed']);
    const held = new Map((await fetchAccounts(lab.db, 'shop')).map((one) => [one.spec.username, one]));
    expect(verifyPassword(held.get('app_rw')!.spec.password, 'rw-secret')).toBe(true);
    expect(held.get('app_rw')).toMatchObject({ fingerprint: expect.any(String), spec: { defaultSchema: 'shop' } });
    expect(held.get('app_ro')).toMatchObject({ spec: { defaultHostgroup: 20, maxConnections: 2, active: true } });
    expect(held.get('hashed')).toMatchObject({ fingerprint: null, spec: { comment: 'of old', password: { hash } } });
    expect(answer.body.proxies).toEqual([{ proxy: 'lab-1', marked: 4 }]);
    expect(await managed()).toEqual(names.map((name: string) => `lab-1 ["${name}"]`));
    expect(JSON.stringify([answer, api.log])).not.toMatch(/secret"|\*[0-9A-F]{40}/);
    expect(`${await lab.dump()}`).not.toMatch(/rw-secret|ro-secret|unknown-to-the-back-end/);
  });

  test('changes nothing on the proxy', async () => {
    const before = await proxy.admin('SELECT * FROM mysql_users');
    await importFrom({});
    expect(await proxy.admin('SELECT * FROM mysql_users')).toEqual(before);
  });

  test('takes chosen users only, and says what it left and why', async () => {
    await account('app_rw', { maxConnections: 1 });
    await proxy.admin(`INSERT INTO mysql_users (username, password) VALUES ('empty', ''), ('odd', '*nohash')`);
    await proxy.admin(`INSERT INTO mysql_users (username, password) VALUES ('${'x'.repeat(33)}', 'p')`);
    await proxy.admin('LOAD MYSQL USERS TO RUNTIME');
    const usernames = ['app_ro', 'app_rw', 'empty', 'odd', 'nobody'];
    const answer = await importFrom({ usernames });
    expect(answer.body.imported).toMatchObject([{ username: 'app_ro' }]);
    const reasons = Object.fromEntries(
      answer.body.skipped.map(({ username, reason }: { username: string; reason: string }) => [username, reason]),
    );
    expect(reasons).toMatchObject({
      app_rw: expect.stringContaining('differs in'),
      empty: 'an empty password',
      odd: 'a password hash that is none',
      nobody: 'no such user runs on the proxy',
    });
    expect(await managed()).toEqual(['lab-1 ["app_ro"]']);
    const rest = await importFrom({});
    expect(rest.body.skipped).toContainEqual({ username: 'x'.repeat(33), reason: 'a name that accounts cannot have' });
  });

  test('marks users on the other proxies of the namespace where they are equal', async () => {
    const [other, gone] = [await startLab(lab.backend.port), await startLab(lab.backend.port)];
    await other.admin("UPDATE mysql_users SET max_connections = 7 WHERE username = 'app_ro'");
    await register(lab.db, 'lab-2', other);
    await register(lab.db, 'lab-3', gone);
    await gone.stop();
    const answer = await importFrom({ usernames: ['app_ro', 'app_rw'] });
    expect(answer.body.proxies).toEqual([
      { proxy: 'lab-1', marked: 2 },
      { proxy: 'lab-2', marked: 1, differing: ['user app_ro'] },
      { proxy: 'lab-3', marked: 0, problem: 'PROXY_UNREACHABLE' },
    ]);
    expect(await managed()).toEqual(['lab-1 ["app_ro"]', 'lab-1 ["app_rw"]', 'lab-2 ["app_rw"]']);
  });

  test('leaves nothing to change: a plan made then finds every user as wanted', async () => {
    await importFrom({});
    const routes = [...accountsRoutes, ...planRoutes];
    const planning = createTestApi(routes, { ...lab.deps, times: undefined } as Partial<ApiDeps>);
    const answer = await planning.call('POST', '/v1/namespaces/shop/actions/plan', { body: { modules: ['users'] } });
    expect(answer).toMatchObject({ status: 201, body: { refusals: [], groups: [{ proxies: [{ proxy: 'lab-1' }] }] } });
    expect(answer.body.groups[0].proxies[0]).toMatchObject({ changes: [], adopted: [], kept: { users: 0 } });
  });

  test('can be rehearsed, and repeated', async () => {
    const rehearsed = await importFrom({}, '?dryRun=true');
    expect(rehearsed.body.imported).toHaveLength(3);
    expect([await fetchAccounts(lab.db, 'shop'), await managed()]).toEqual([[], []]);
    await importFrom({});
    const again = await importFrom({});
    expect(again.body.imported).toEqual([]);
    expect(again.body.skipped[0]).toMatchObject({ reason: 'there is an account of that name already' });
    expect(await managed()).toHaveLength(3);
  });

  test('is for operators of the namespace of the proxy', async () => {
    await register(lab.db, 'lab-9', proxy, { namespace: 'reporting' });
    expect((await importFrom({ proxyId: 'lab-9' })).status).toBe(422);
    expect((await importFrom({ proxyId: 'nowhere' })).status).toBe(422);
    const viewer = { as: { roles: { shop: 'viewer', reporting: 'operator' } } } as const;
    const answer = await api.call('POST', '/v1/accounts/actions/import', { body: { proxyId: 'lab-1' }, ...viewer });
    expect(answer.status).toBe(403);
  });

  test('waits for an operation that changes one of the proxies: it would forget the marks', async () => {
    const operation_id = '11111111-2222-4333-8444-555555555555';
    await lab.db.insertInto('proxy_locks').values({ proxy_id: 'lab-1', operation_id }).execute();
    expect(await importFrom({})).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT', detail: `lab-1 is being changed by operation ${operation_id}` },
    });
    expect([await fetchAccounts(lab.db, 'shop'), await managed()]).toEqual([[], []]);
    await lab.db.deleteFrom('proxy_locks').execute();
    expect((await importFrom({})).status).toBe(200);
    expect(await managed()).toHaveLength(3);
  });

  test('says when the proxy cannot be read', async () => {
    await proxy.stop();
    expect(await importFrom({})).toMatchObject({ status: 409, body: { code: 'PROXY_UNREACHABLE' } });
  });
});
