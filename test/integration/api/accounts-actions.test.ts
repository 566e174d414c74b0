import { beforeEach, describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { fetchAccount } from '@proxywatch/core/drivers/dcdb/accounts/account-repository';
import { storeWritesSwitch } from '@proxywatch/core/drivers/dcdb/settings/writes-switch';
import { verifyPassword } from '@proxywatch/core/drivers/proxysql/control/password-hash';
import type { DatabaseConfig, DatabaseInstance } from '@proxywatch/core/ports/database-config';
import { accountsRoutes } from '../../../functions/api/accounts/routes.ts';
import type { ApiDeps } from '../../../functions/api/shared/api-deps.ts';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { createTestApi, type TestApi, type TestCall } from '../../support/api-harness.ts';
import { type Lab, startLab } from '../../support/lab-traffic.ts';
import { until } from '../../support/until.ts';
import { addAccount, OPERATOR, specify, useAccountsLab } from './accounts-lab.ts';
import { type ControlLab, observe, register } from './control-lab.ts';

const current = useAccountsLab();
let lab: ControlLab;
let api: TestApi;
let proxy: Lab;
beforeEach(() => {
  ({ lab, api, proxy } = current());
});

const account = (username: string, fields?: object) => addAccount(api, username, fields);

function act(id: string, verb: string, body: object, options: TestCall = OPERATOR) {
  return api.call('POST', `/v1/accounts/${id}/actions/${verb}`, { body, ...options });
}

describe('rotating a password', () => {
  test('is done when every back end of the account takes the new one', async () => {
    await observe(lab.redis, 'lab-1', proxy);
    const id = await account('app_rw');
    const answer = await act(id, 'rotate-password', { password: 'rw-secret', plugin: 'caching_sha2_password' });
    expect(answer).toMatchObject({ status: 200, headers: { etag: '"2"' }, body: { plugin: 'caching_sha2_password' } });
    const held = await fetchAccount(lab.db, id);
    expect(verifyPassword(held!.spec.password, 'rw-secret')).toBe(true);
    const [audited] = await lab.db.selectFrom('audit').selectAll().where('action', '=', 'rotate-password').execute();
    expect(audited).toMatchObject({ actor: 'olga', resource_id: id, namespace: 'shop' });
  });

  test('is refused with the back ends that do not take it, by name and with their error', async () => {
    await observe(lab.redis, 'lab-1', proxy);
    const id = await account('app_rw');
    const answer = await act(id, 'rotate-password', { password: 'not yet known' });
    expect(answer).toMatchObject({
      status: 409,
      body: {
        code: 'CONFLICT',
        errors: [{ pointer: '/password', message: `127.0.0.1:${lab.backend.port} refuses it with error 1045` }],
      },
    });
    expect(answer.text).not.toContain('not yet known');
    expect(await fetchAccount(lab.db, id)).toMatchObject({ revision: 1 });
  });

  test('leaves a trace of every try: refused, in a dry run, and without a word of any secret', async () => {
    await observe(lab.redis, 'lab-1', proxy);
    const id = await account('app_rw');
    const dryRun = (password: string) =>
      api.call('POST', `/v1/accounts/${id}/actions/rotate-password?dryRun=true`, { body: { password }, ...OPERATOR });
    expect((await act(id, 'rotate-password', { password: 'guess-number-1' })).status).toBe(409);
    expect((await dryRun('guess-number-2')).status).toBe(409);
    expect((await dryRun('rw-secret')).status).toBe(200);
    const noReason = { password: 'guess-number-3', verify: false };
    expect((await act(id, 'rotate-password', noReason, { as: 'admin' })).status).toBe(422);
    const rows = await lab.db
      .selectFrom('audit')
      .select(['action', 'actor', 'namespace', 'before_state', 'after_state'])
      .where('resource_id', '=', id)
      .where('action', 'like', 'rotate-password%')
      .orderBy('id')
      .execute();
    expect(rows.map(({ action, after_state: after }) => [action, after])).toEqual([
      ['rotate-password-refused', expect.objectContaining({ outcome: 'refused', dryRun: false, code: 'CONFLICT' })],
      ['rotate-password-refused', expect.objectContaining({ outcome: 'refused', dryRun: true, code: 'CONFLICT' })],
      ['rotate-password-tried', { outcome: 'accepted', dryRun: true }],
      ['rotate-password-refused', expect.objectContaining({ outcome: 'refused', code: 'UNPROCESSABLE' })],
    ]);
    expect(rows.map(({ namespace }) => namespace)).toEqual(['shop', 'shop', 'shop', 'shop']);
    expect(rows[0]?.actor).toBe('olga');
    expect(JSON.stringify(rows)).not.toMatch(/guess-number|rw-secret/);
  });

  test('is refused when a back end cannot be asked', async () => {
    const port = await pickFreePort();
    await proxy.admin(`INSERT INTO mysql_servers (hostgroup_id, hostname, port) VALUES (10, '127.0.0.1', ${port})`);
    await proxy.admin('LOAD MYSQL SERVERS TO RUNTIME');
    await observe(lab.redis, 'lab-1', proxy);
    const answer = await act(await account('app_rw'), 'rotate-password', { password: 'rw-secret' });
    const [problem, ...others] = answer.body.errors;
    expect(answer).toMatchObject({ status: 409, body: { detail: expect.stringContaining('1 of 2 back ends') } });
    expect([problem.message, others]).toEqual([`127.0.0.1:${port} cannot be reached`, []]);
  });

  test('is refused where no back end is known', async () => {
    const answer = await act(await account('app_rw', { defaultHostgroup: 77 }), 'rotate-password', { password: 'x' });
    expect(answer).toMatchObject({ status: 409, body: { detail: expect.stringContaining('no back end') } });
  });

  test('can be forced by an admin who says why', async () => {
    const id = await account('app_rw');
    const body = { password: 'not yet known', verify: false };
    const reason = { headers: { 'x-reason': 'the back end follows tonight' } };
    expect((await act(id, 'rotate-password', body, { ...OPERATOR, ...reason })).status).toBe(403);
    expect((await act(id, 'rotate-password', body, { as: 'admin' })).status).toBe(422);
    expect((await act(id, 'rotate-password', body, { as: 'admin', ...reason })).status).toBe(200);
  });

  test('is for those who know the revision, where they say one', async () => {
    await observe(lab.redis, 'lab-1', proxy);
    const answer = await act(
      await account('app_rw'),
      'rotate-password',
      { password: 'rw-secret' },
      {
        ...OPERATOR,
        headers: { 'if-match': '"9"' },
      },
    );
    expect(answer.status).toBe(412);
  });

  describe('asks the servers of the slice too', () => {
    const slices = [{ name: 'orders', writerHostgroup: 10, readerHostgroup: 11, cluster: 'orders-eu' }];
    const reader = (port: number): DatabaseInstance => ({
      id: 'orders-eu-2',
      host: '127.0.0.1',
      port,
      role: 'reader',
      weight: 1,
      zone: '',
      maxConnections: 100,
      maxReplicationLag: 0,
      useSsl: false,
      status: 'online',
    });
    const knowing = (fetchInstances: DatabaseConfig['fetchInstances']): Partial<ApiDeps> => ({
      ...lab.deps,
      databases: { ...lab.deps.databases!, fetchInstances },
    });

    test('as the database configuration service knows them', async () => {
      await specify(lab, { slices });
      const asked: string[] = [];
      api = createTestApi(
        accountsRoutes,
        knowing(async (cluster) => {
          asked.push(cluster);
          return { value: [reader(lab.backend.port)], staleSeconds: 0 };
        }),
      );
      const id = await account('app_rw');
      expect((await act(id, 'rotate-password', { password: 'wrong' })).status).toBe(409);
      expect((await act(id, 'rotate-password', { password: 'rw-secret' })).status).toBe(200);
      expect(asked).toEqual(['orders-eu', 'orders-eu']);
    });

    test('and goes by the proxies alone while that service is away, if they know any', async () => {
      await specify(lab, { slices });
      const away = new ProxywatchError('SERVICE_UNREACHABLE', 'refused', { service: 'dbconfig' });
      api = createTestApi(
        accountsRoutes,
        knowing(() => Promise.reject(away)),
      );
      const id = await account('app_rw');
      const unknown = await act(id, 'rotate-password', { password: 'rw-secret' });
      expect(unknown).toMatchObject({ status: 503, body: { detail: 'dbconfig is unavailable' } });
      await observe(lab.redis, 'lab-1', proxy);
      expect((await act(id, 'rotate-password', { password: 'rw-secret' })).status).toBe(200);
    });
  });
});

describe('a test of the log-in', () => {
  test('succeeds as a client would, back end included', async () => {
    const body = { proxyId: 'lab-1', password: 'rw-secret', statement: true };
    const answer = await act(await account('app_rw'), 'test-login', body);
    expect(answer).toMatchObject({ status: 200, body: { proxy: 'lab-1', outcome: 'accepted' } });
  });

  test("tells MySQL's error of a wrong password, and leaves a trace", async () => {
    const id = await account('app_rw');
    const answer = await act(id, 'test-login', { proxyId: 'lab-1', password: 'a wrong guess' });
    const told = { proxy: 'lab-1', outcome: 'refused', stage: 'log-in', errno: 1045, sqlState: '28000' };
    expect(answer).toMatchObject({ status: 200, body: told });
    const audited = await lab.db.selectFrom('audit').select('after_state').where('action', '=', 'test-login').execute();
    expect(
      audited.map(({ after_state }) => (typeof after_state === 'string' ? JSON.parse(after_state) : after_state)),
    ).toEqual([told]);
    const everything = `${JSON.stringify(api.log)}${await lab.dump()}`;
    expect(everything).not.toContain('wrong guess');
  });

  test('tells when the back end refuses what the proxy took', async () => {
    const body = { proxyId: 'lab-1', password: 'unknown-to-the-back-end' };
    const id = await account('ghost');
    expect((await act(id, 'test-login', body)).body).toEqual({ proxy: 'lab-1', outcome: 'accepted' });
    expect((await act(id, 'test-login', { ...body, statement: true })).body).toMatchObject({
      outcome: 'refused',
      stage: 'statement',
      errno: 1045,
    });
  });

  test('is for proxies of the namespace, with a traffic port', async () => {
    await register(lab.db, 'lab-9', proxy, { namespace: 'reporting' });
    const id = await account('app_rw');
    for (const proxyId of ['lab-9', 'nowhere']) {
      const answer = await act(id, 'test-login', { proxyId, password: 'x' });
      expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: '/proxyId' }] } });
    }
    await lab.db.updateTable('proxies').set({ traffic_port: null }).where('id', '=', 'lab-1').execute();
    expect((await act(id, 'test-login', { proxyId: 'lab-1', password: 'x' })).status).toBe(409);
  });
});

describe('killing sessions', () => {
  const sessions = async () =>
    (await proxy.admin("SELECT user FROM stats_mysql_processlist WHERE user = 'app_rw'")).length;

  test('ends those of the account on every managed proxy and tells of each', async () => {
    const [watched, gone] = [await startLab(lab.backend.port), await startLab(lab.backend.port)];
    await register(lab.db, 'lab-2', watched, { managed: false });
    await register(lab.db, 'lab-3', gone);
    await register(lab.db, 'lab-4', proxy, { admin: false });
    await gone.stop();
    await Promise.all([proxy.client(), proxy.client(), proxy.client({ user: 'app_ro', password: 'ro-secret' })]);
    await until('the clients are there', async () => (await sessions()) === 2);
    const answer = await act(await account('app_rw'), 'kill-sessions', {});
    expect(answer.status).toBe(200);
    expect(answer.body.proxies).toEqual([
      { proxy: 'lab-1', outcome: 'killed', sessions: 2 },
      { proxy: 'lab-3', outcome: 'failed', problem: 'PROXY_UNREACHABLE' },
      { proxy: 'lab-4', outcome: 'failed', problem: 'CREDENTIAL_MISSING' },
      { proxy: 'lab-2', outcome: 'skipped', problem: 'it is not managed' },
    ]);
    await until('they are gone', async () => (await sessions()) === 0);
    expect(await proxy.admin("SELECT user FROM stats_mysql_processlist WHERE user = 'app_ro'")).toHaveLength(1);
  });

  test('is done on one proxy where one is named', async () => {
    const id = await account('app_rw');
    const answer = await act(id, 'kill-sessions', { proxyId: 'lab-1' });
    expect(answer.body.proxies).toEqual([{ proxy: 'lab-1', outcome: 'killed', sessions: 0 }]);
    expect((await act(id, 'kill-sessions', { proxyId: 'nowhere' })).status).toBe(422);
  });

  test('is refused while all writes are switched off', async () => {
    await storeWritesSwitch(lab.db, { enabled: false, reason: 'an incident', updatedBy: 'me' });
    const answer = await act(await account('app_rw'), 'kill-sessions', {});
    expect(answer).toMatchObject({ status: 409, body: { detail: expect.stringContaining('an incident') } });
  });
});
