import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { planRoutes } from '../../../functions/api/namespaces/plan-routes.ts';
import type { ApiDeps } from '../../../functions/api/shared/api-deps.ts';
import { variablesRoutes } from '../../../functions/api/variables/routes.ts';
import { createTestApi, type TestApi } from '../../support/api-harness.ts';
import { closeLabs, type Lab, startLab } from '../../support/lab-traffic.ts';
import { type ControlLab, forgetAll, register, startControlLab } from './control-lab.ts';

let lab: ControlLab;
let api: TestApi;
let one: Lab;
let two: Lab;

beforeAll(async () => {
  lab = await startControlLab();
});
beforeEach(async () => {
  await forgetAll(lab.db);
  api = createTestApi(variablesRoutes, lab.deps);
  one = await startLab(lab.backend.port);
  two = await startLab(lab.backend.port, { variables: { 'mysql-default_query_timeout': '1000' } });
  await register(lab.db, 'lab-1', one);
  await register(lab.db, 'lab-2', two, { managed: false });
});
afterEach(() => closeLabs());
afterAll(() => lab?.stop());

const NAME = 'mysql-default_query_timeout';
const SECRET = 'mysql-monitor_password';
const read = async (path: string) => (await api.call('GET', path, { as: 'viewer' })).body;

async function put(value: string, name = NAME): Promise<void> {
  const body = { scope: 'namespace', scopeName: 'shop', name, value };
  expect((await api.call('PUT', '/v1/variables/settings', { body })).status).toBe(201);
}

describe('a variable as proxies have it', () => {
  test('is shown in memory, at runtime and on disk of each proxy, managed or not', async () => {
    await put('1000');
    await one.admin(`SET ${NAME}=2000`);
    const gone = await startLab(lab.backend.port);
    await register(lab.db, 'lab-3', gone);
    await gone.stop();
    await register(lab.db, 'lab-4', one, { admin: false });
    const { proxies } = await read(`/v1/variables/${NAME}?live=true`);
    const initial = proxies[0].live.runtime;
    expect(proxies).toMatchObject([
      {
        proxy: 'lab-1',
        managed: true,
        desired: { value: '1000' },
        live: { memory: '2000', disk: initial, drift: ['desired', 'memory'] },
      },
      { proxy: 'lab-2', managed: false, live: { memory: '1000', runtime: '1000' } },
      { proxy: 'lab-3', desired: { value: '1000' }, problem: 'PROXY_UNREACHABLE' },
      { proxy: 'lab-4', problem: 'CREDENTIAL_MISSING' },
    ]);
    expect(proxies[1].live.drift).not.toContain('desired');
  });

  test('is found by its drift among all variables', async () => {
    await put('1000');
    await one.admin('SET mysql-max_connections=77');
    const drifting = async () =>
      (await read('/v1/variables?proxyId=lab-1&live=true&filter[drifting]=true&limit=200')).items.map(
        ({ name, live }: { name: string; live: { drift: string[] } }) => `${name}: ${live.drift}`,
      );
    expect(await drifting()).toEqual([`${NAME}: desired`, 'mysql-max_connections: memory']);
    await one.admin('LOAD MYSQL VARIABLES TO RUNTIME');
    expect(await drifting()).toEqual([`${NAME}: desired`, 'mysql-max_connections: disk']);
    const { items } = await read('/v1/variables?proxyId=lab-1&live=true&filter[name]=mysql-max_connections');
    expect(items).toMatchObject([{ changed: true, decided: false, live: { memory: '77', runtime: '77' } }]);
  });

  test('is masked where it is secret, its drift is told all the same', async () => {
    await put('geheim', SECRET);
    const { proxies } = await read(`/v1/variables/${SECRET}?live=true&proxyId=lab-1`);
    const masked = { memory: '***', runtime: '***', disk: '***' };
    expect(proxies).toMatchObject([{ desired: { value: '***' }, live: { ...masked, drift: ['desired'] } }]);
    await one.admin(`SET ${SECRET}='geheim'`);
    await one.admin('LOAD MYSQL VARIABLES TO RUNTIME');
    await one.admin('SAVE MYSQL VARIABLES TO DISK');
    const after = await read(`/v1/variables/${SECRET}?live=true&proxyId=lab-1`);
    expect(after.proxies).toMatchObject([{ live: { drift: [] } }]);
    expect(JSON.stringify([after, proxies, api.log])).not.toContain('geheim');
  });

  test('of a proxy that is away is a conflict, not an error of ours', async () => {
    await one.stop();
    const answer = await api.call('GET', '/v1/variables?proxyId=lab-1&live=true');
    expect(answer).toMatchObject({ status: 409, body: { code: 'PROXY_UNREACHABLE' } });
    expect(answer.text).not.toContain('127.0.0.1');
  });
});

test('what was decided is in the next plan of the namespace, secrets masked', async () => {
  await put('1000');
  await put('geheim', SECRET);
  const given = { ...lab.deps, times: undefined } as Partial<ApiDeps>;
  const planning = createTestApi([...variablesRoutes, ...planRoutes], given);
  const { body: setting } = await planning.call('GET', '/v1/variables/settings?filter[name]=mysql-monitor_password');
  const { body: changed } = await planning.call('PATCH', `/v1/variables/settings/${setting.items[0].id}`, {
    body: { value: 'geheimer' },
    headers: { 'if-match': '"1"' },
  });
  const answer = await planning.call('POST', changed.plans[0].href, { body: { modules: ['variables'] } });
  expect(answer).toMatchObject({ status: 201, body: { refusals: [] } });
  const ofManaged = answer.body.groups.find(({ kind }: { kind: string }) => kind === 'managed').proxies[0];
  expect(ofManaged.changes.map(({ key }: { key: string }) => JSON.parse(key)[0])).toEqual([NAME, SECRET]);
  expect(answer.text).not.toContain('geheim');
  expect(await lab.dump()).not.toContain('geheim');
});

describe('comparing proxies', () => {
  test('shows the variables in which they differ', async () => {
    const differing = await read('/v1/variables/actions/compare?proxies=lab-1,lab-2');
    expect(differing).toMatchObject({
      layer: 'runtime',
      proxies: [{ proxy: 'lab-1' }, { proxy: 'lab-2' }],
      variables: [{ name: NAME, secret: false, differs: true, values: { 'lab-2': '1000' } }],
    });
    const all = await read('/v1/variables/actions/compare?proxies=lab-1,lab-2&all=true&layer=memory');
    expect(all.variables.length).toBeGreaterThan(100);
  });

  test('masks secrets, and tells that they differ', async () => {
    await one.admin(`SET ${SECRET}='geheim'`);
    const { variables } = await read('/v1/variables/actions/compare?proxies=lab-1,lab-2&layer=memory');
    expect(variables.find(({ name }: { name: string }) => name === SECRET)).toEqual({
      name: SECRET,
      secret: true,
      differs: true,
      values: { 'lab-1': '***', 'lab-2': '***' },
    });
  });

  test('names a proxy that is away and compares the others', async () => {
    await register(lab.db, 'lab-3', one);
    await two.stop();
    const { proxies, variables } = await read('/v1/variables/actions/compare?proxies=lab-1,lab-2,lab-3');
    expect(proxies).toEqual([{ proxy: 'lab-1' }, { proxy: 'lab-2', problem: 'PROXY_UNREACHABLE' }, { proxy: 'lab-3' }]);
    expect(variables).toEqual([]);
  });

  test.each([
    ['proxies=lab-1', 400],
    ['proxies=lab-1,lab-1', 400],
    ['proxies=lab-1,../x', 400],
    ['proxies=lab-1,nowhere', 404],
    ['', 400],
  ])('refuses %j with %i', async (query, status) => {
    expect((await api.call('GET', `/v1/variables/actions/compare?${query}`)).status).toBe(status);
  });

  test('is for those who may see all of them', async () => {
    await register(lab.db, 'lab-9', one, { namespace: 'reporting' });
    const answer = await api.call('GET', '/v1/variables/actions/compare?proxies=lab-1,lab-9', {
      as: { roles: { shop: 'viewer' } },
    });
    expect(answer.status).toBe(404);
  });
});
