import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { secretContextOf } from '@proxywatch/core/domain/control/effective-variables';
import { registerNamespace } from '@proxywatch/core/drivers/dcdb/namespace-repository';
import { registerProxies } from '@proxywatch/core/drivers/dcdb/proxy-repository';
import { fetchVariableSettings, openSettings } from '@proxywatch/core/drivers/dcdb/variables/variable-settings';
import { variablesRoutes } from '../../../functions/api/variables/routes.ts';
import { createTestApi, type TestApi, type TestCall, type TestCaller } from '../../support/api-harness.ts';
import { type ControlLab, forgetAll, startControlLab } from './control-lab.ts';

let lab: ControlLab;
let api: TestApi;

beforeAll(async () => {
  lab = await startControlLab();
});
beforeEach(async () => {
  await forgetAll(lab.db);
  const address = { kind: 'proxysql', adminHost: '127.0.0.1', adminTls: false, statsCredentialRef: 'stats' };
  await registerNamespace(lab.db, { name: 'empty', description: '', owner: '', tags: [] });
  await registerProxies(lab.db, [
    { id: 'lab-1', namespace: 'shop', adminPort: 1, ...address },
    { id: 'lab-3', namespace: 'reporting', adminPort: 3, ...address },
  ]);
  api = createTestApi(variablesRoutes, lab.deps);
});
afterAll(() => lab?.stop());

const NAME = 'mysql-max_connections';
const GUARDED = 'admin-mysql_ifaces';
const SECRET = 'mysql-monitor_password';
const SHOP_VIEWER: TestCaller = { name: 'vera', roles: { shop: 'viewer' } };
const SHOP_OPERATOR: TestCaller = { name: 'olga', roles: { shop: 'operator' } };
const SHOP_ADMIN: TestCaller = { name: 'ada', roles: { shop: 'admin' } };
const SETTINGS = '/v1/variables/settings';
const OF_SHOP = { scope: 'namespace', scopeName: 'shop' };
const OF_PROXY = { scope: 'proxy', scopeName: 'lab-1' };
const FLEET = { scope: 'fleet' };

function put(body: object, options: TestCall = {}) {
  return api.call('PUT', SETTINGS, { body: { name: NAME, value: '4000', ...body }, ...options });
}

const defaultValue = () => lab.deps.controls!.get('proxysql')!.variables.find(NAME)!.default;
const ifMatch = (revision: number) => ({ 'if-match': `"${revision}"` });

describe('a setting of a proxy that is gone', () => {
  test.each(['PATCH', 'DELETE'] as const)('is audited with the namespace that it was of: %s', async (method) => {
    const { body } = await put(OF_PROXY, { as: SHOP_OPERATOR });
    await lab.db.deleteFrom('proxies').where('id', '=', 'lab-1').execute();
    const change = method === 'PATCH' ? { body: { value: '4001' } } : {};
    const answer = await api.call(method, `${SETTINGS}/${body.id}`, { headers: ifMatch(1), ...change });
    expect(answer.status).toBeLessThan(300);
    const audited = await lab.db.selectFrom('audit').select(['action', 'namespace']).orderBy('id').execute();
    expect(audited.map(({ namespace }) => namespace)).toEqual(['shop', 'shop']);
  });

  test('goes by where the proxy was last', async () => {
    const { body } = await put(OF_PROXY, { as: SHOP_OPERATOR });
    const gone = { action: 'delete', resource_type: 'proxy', resource_id: 'lab-1', namespace: 'reporting' };
    await lab.db
      .insertInto('audit')
      .values({
        ...gone,
        actor: 'a',
        source_address: '',
        request_id: '',
        reason: '',
        before_state: null,
        after_state: null,
      })
      .execute();
    await lab.db.deleteFrom('proxies').where('id', '=', 'lab-1').execute();
    await api.call('DELETE', `${SETTINGS}/${body.id}`, { headers: ifMatch(1) });
    const [last] = await lab.db.selectFrom('audit').select('namespace').orderBy('id', 'desc').execute();
    expect(last?.namespace).toBe('reporting');
  });
});

describe('a setting', () => {
  test('is made, and says where a plan takes it to the proxies', async () => {
    const answer = await api.call('POST', SETTINGS, {
      as: SHOP_OPERATOR,
      body: { ...OF_SHOP, name: NAME, value: 4000, reason: 'a sale', expiresAt: '2037-01-01T00:00:00Z' },
    });
    expect(answer).toMatchObject({ status: 201, headers: { etag: '"1"' } });
    expect(answer.headers.location).toBe(`${SETTINGS}/${answer.body.id}`);
    expect(answer.body).toEqual({
      id: expect.any(String),
      ...OF_SHOP,
      kind: 'proxysql',
      name: NAME,
      value: '4000',
      secret: false,
      reason: 'a sale',
      expired: false,
      expiresAt: '2037-01-01T00:00:00.000Z',
      createdBy: 'olga',
      revision: 1,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
      plans: [{ namespace: 'shop', href: '/v1/namespaces/shop/actions/plan' }],
    });
    const { plans: _, ...resource } = answer.body;
    expect(await api.call('GET', answer.headers.location!, { as: SHOP_VIEWER })).toMatchObject({ body: resource });
  });

  test('of the fleet concerns every namespace that has such proxies', async () => {
    const { body } = await put(FLEET);
    expect(body.plans.map(({ namespace }: { namespace: string }) => namespace)).toEqual(['reporting', 'shop']);
  });

  test('is made once by POST and changed by PUT', async () => {
    await put(OF_SHOP);
    const again = await api.call('POST', SETTINGS, { body: { ...OF_SHOP, name: NAME, value: '5000' } });
    expect(again).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
    expect(await put({ ...OF_SHOP, value: '5000' })).toMatchObject({
      status: 200,
      body: { value: '5000', revision: 2 },
    });
    expect((await put(OF_SHOP, { headers: ifMatch(1) })).status).toBe(412);
  });

  test('that has expired gives way to a new one', async () => {
    const { body } = await put(OF_SHOP);
    await lab.db
      .updateTable('variable_settings')
      .set({ expires_at: new Date(Date.now() - 1_000) })
      .execute();
    expect((await api.call('GET', `${SETTINGS}/${body.id}`)).body).toMatchObject({ expired: true });
    expect(await fetchVariableSettings(lab.db, { kind: 'proxysql' })).toEqual([]);
    const again = await api.call('POST', SETTINGS, { body: { ...OF_SHOP, name: NAME, value: '5000' } });
    expect(again).toMatchObject({ status: 200, body: { id: body.id, expired: false, expiresAt: null } });
  });

  test.each<[string, object, number, string]>([
    ['a variable that there is not', { name: 'mysql-nonsense' }, 422, '/name'],
    ['a value out of range', { value: '-5' }, 422, '/value'],
    ['a value that is no number', { value: 'many' }, 422, '/value'],
    ['a kind that there is not', { kind: 'maxscale' }, 422, '/kind'],
    ['a namespace that there is not', { scopeName: 'nowhere' }, 422, '/scopeName'],
    ['a proxy that there is not', { scope: 'proxy', scopeName: 'nowhere' }, 422, '/scopeName'],
    ['a name for the fleet', { scope: 'fleet' }, 400, '/scopeName'],
    ['no name for a proxy', { scope: 'proxy', scopeName: '' }, 400, '/scopeName'],
    ['an expiry in the past', { expiresAt: '2001-01-01T00:00:00Z' }, 422, '/expiresAt'],
    ['a value of several lines', { value: 'a\nb' }, 400, '/value'],
    ['an unknown field', { colour: 'green' }, 400, '/colour'],
  ])('is refused with %s', async (_, fields, status, pointer) => {
    const answer = await put({ ...OF_SHOP, ...fields });
    expect(answer).toMatchObject({ status, body: { errors: [{ pointer }] } });
  });

  test('says of a wrong value what would be right', async () => {
    const { body } = await put({ ...OF_SHOP, value: '-5' });
    expect(body.errors[0].message).toMatch(/from 1 to \d+.*default \d+/);
  });

  test('changes and goes away for those who know its revision', async () => {
    const { id } = (await put({ ...OF_SHOP, reason: 'a sale' })).body;
    const path = `${SETTINGS}/${id}`;
    expect((await api.call('PATCH', path, { body: { value: '1' } })).status).toBe(428);
    const changed = await api.call('PATCH', path, { body: { value: 5000 }, headers: ifMatch(1), as: SHOP_OPERATOR });
    expect(changed).toMatchObject({ status: 200, body: { value: '5000', reason: 'a sale', revision: 2, plans: [{}] } });
    expect((await api.call('PATCH', path, { body: { value: 'many' }, headers: ifMatch(2) })).status).toBe(422);
    expect((await api.call('DELETE', path, { headers: ifMatch(1) })).status).toBe(412);
    expect((await api.call('DELETE', path, { headers: ifMatch(2), as: SHOP_OPERATOR })).status).toBe(204);
    expect((await api.call('GET', path)).status).toBe(404);
  });

  test('is not changed by a dry run', async () => {
    const answer = await api.call('PUT', `${SETTINGS}?dryRun=true`, { body: { ...OF_SHOP, name: NAME, value: '1' } });
    expect(answer).toMatchObject({ status: 200, body: { value: '1' } });
    expect((await api.call('GET', SETTINGS)).body.items).toEqual([]);
  });

  test('can set the default explicitly', async () => {
    const body = { ...OF_PROXY, name: NAME };
    const answer = await api.call('POST', `${SETTINGS}/actions/reset-to-default`, { body, as: SHOP_OPERATOR });
    expect(answer).toMatchObject({ status: 201, body: { value: defaultValue(), scope: 'proxy' } });
  });
});

describe('who may set what', () => {
  test('is decided by the scope', async () => {
    const statuses = async (as: TestCaller) => {
      const answers = [];
      for (const scope of [FLEET, OF_SHOP, OF_PROXY, { scope: 'namespace', scopeName: 'reporting' }]) {
        answers.push((await put(scope, { as })).status);
      }
      return answers;
    };
    expect(await statuses(SHOP_VIEWER)).toEqual([403, 403, 403, 403]);
    expect(await statuses(SHOP_OPERATOR)).toEqual([403, 201, 201, 422]);
    expect(await statuses('operator')).toEqual([201, 200, 200, 201]);
    expect(await statuses('nobody')).toEqual([401, 401, 401, 401]);
  });

  test('is an admin with a reason for guarded variables', async () => {
    const value = { ...OF_SHOP, name: GUARDED, value: '0.0.0.0:6032' };
    expect((await put({ ...value, reason: 'moved' }, { as: SHOP_OPERATOR })).status).toBe(403);
    expect(await put(value, { as: SHOP_ADMIN })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/reason' }] },
    });
    const set = await put({ ...value, reason: 'moved' }, { as: SHOP_ADMIN });
    expect(set.status).toBe(201);
    const path = `${SETTINGS}/${set.body.id}`;
    expect((await api.call('DELETE', path, { as: SHOP_ADMIN, headers: ifMatch(1) })).status).toBe(422);
    const reason = { 'x-reason': 'moved back' };
    expect((await api.call('DELETE', path, { as: SHOP_OPERATOR, headers: { ...ifMatch(1), ...reason } })).status).toBe(
      403,
    );
    expect((await api.call('DELETE', path, { as: SHOP_ADMIN, headers: { ...ifMatch(1), ...reason } })).status).toBe(
      204,
    );
  });

  test('shows in lists, too', async () => {
    await put(FLEET);
    await put(OF_SHOP);
    const other = (await put({ scope: 'proxy', scopeName: 'lab-3' })).body;
    const scopes = async (as: TestCaller, query = '') =>
      (await api.call('GET', `${SETTINGS}${query}`, { as })).body.items
        .map(({ scope, scopeName }: { scope: string; scopeName: string }) => `${scope}:${scopeName}`)
        .toSorted();
    expect(await scopes('viewer')).toEqual(['fleet:', 'namespace:shop', 'proxy:lab-3']);
    expect(await scopes(SHOP_VIEWER)).toEqual(['fleet:', 'namespace:shop']);
    expect(await scopes('viewer', '?filter[scope]=proxy')).toEqual(['proxy:lab-3']);
    expect((await api.call('GET', `${SETTINGS}/${other.id}`, { as: SHOP_VIEWER })).status).toBe(404);
    expect(
      (await api.call('DELETE', `${SETTINGS}/${other.id}`, { as: SHOP_OPERATOR, headers: ifMatch(1) })).status,
    ).toBe(404);
  });
});

describe('a secret value', () => {
  test('is sealed, and shown nowhere', async () => {
    const value = 'geheim-\u00fc-42';
    const once = { body: { ...OF_SHOP, name: SECRET, value }, headers: { 'idempotency-key': 'once' } };
    const answers = [await api.call('POST', SETTINGS, once), await api.call('POST', SETTINGS, once)];
    const { id } = answers[0]!.body;
    answers.push(await api.call('GET', `${SETTINGS}/${id}`));
    answers.push(await api.call('PATCH', `${SETTINGS}/${id}`, { body: { value: `${value}!` }, headers: ifMatch(1) }));
    answers.push(await api.call('GET', SETTINGS), await api.call('GET', `/v1/variables?namespace=shop&limit=200`));
    answers.push(
      await api.call('GET', `/v1/variables/${SECRET}`),
      await api.call('GET', `/v1/variables/${SECRET}/history`),
    );
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 200, 200, 200, 200, 200, 200]);
    expect(answers[2]!.body).toMatchObject({ value: '***', secret: true });
    const everything = [JSON.stringify(answers), JSON.stringify(api.log), await lab.dump()].join('\n');
    expect(everything).not.toContain(value);
    expect(everything).not.toContain(Buffer.from(value).toString('base64'));
    const stored = await fetchVariableSettings(lab.db, { kind: 'proxysql' });
    expect(await openSettings(lab.deps.secrets!, stored)).toEqual([{ name: SECRET, value: `${value}!` }]);
    const elsewhere = lab.deps.secrets!.open(stored[0]!.value, secretContextOf({ kind: 'proxysql', name: NAME }));
    await expect(elsewhere).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
  });
});

test('a batch sets, resets and lets go', async () => {
  const { id } = (await put(OF_SHOP)).body;
  const answer = await api.call('POST', `${SETTINGS}/actions/batch`, {
    as: SHOP_OPERATOR,
    body: {
      items: [
        { action: 'set', setting: { ...OF_PROXY, name: NAME, value: 1 } },
        { action: 'set', setting: { ...OF_PROXY, name: NAME, value: 'many' } },
        { action: 'set', setting: { scope: 'fleet', name: NAME, value: 1 } },
        { action: 'reset-to-default', setting: { ...OF_PROXY, name: NAME } },
        { action: 'delete', id, revision: 9 },
        { action: 'delete', id },
      ],
    },
  });
  expect(answer.body.items.map(({ status }: { status: number }) => status)).toEqual([201, 422, 403, 200, 412, 204]);
});

describe('the catalogue', () => {
  const items = async (query: string, as: TestCaller = 'viewer') =>
    (await api.call('GET', `/v1/variables?${query}`, { as })).body.items;

  test('tells of each variable what is known and what is desired, narrowest scope first', async () => {
    await put({ ...FLEET, value: '1000' });
    await put({ ...OF_SHOP, value: '2000', reason: 'a sale' });
    await put({ ...OF_PROXY, value: defaultValue() });
    const one = async (query: string) => (await items(`filter[name]=${NAME}&${query}`))[0];
    expect(await one('')).toMatchObject({
      kind: 'proxysql',
      name: NAME,
      type: 'integer',
      range: [1, expect.any(Number)],
      default: defaultValue(),
      needsRestart: false,
      secret: false,
      guarded: false,
      refusal: null,
      decided: true,
      changed: true,
      desired: { value: '1000', scope: 'fleet' },
    });
    expect((await one('namespace=shop')).desired).toMatchObject({
      value: '2000',
      scope: 'namespace',
      reason: 'a sale',
    });
    expect((await one('namespace=reporting')).desired).toMatchObject({ value: '1000', scope: 'fleet' });
    const ofProxy = await one('proxyId=lab-1');
    expect(ofProxy).toMatchObject({ desired: { value: defaultValue(), scope: 'proxy' }, changed: false });
  });

  test('is filtered, sorted and paged', async () => {
    await put({ ...FLEET, value: '1000' });
    const names = (list: readonly { name: string }[]) => list.map(({ name }) => name);
    expect(names(await items('filter[changed]=true'))).toEqual([NAME]);
    expect(names(await items('filter[guarded]=true&filter[name]=admin-mysql_ifaces'))).toEqual([GUARDED]);
    expect(names(await items('filter[name][like]=*MAX_conn*&filter[decided]=true'))).toEqual([NAME]);
    expect((await items('filter[secret]=true&limit=200')).every(({ secret }: { secret: boolean }) => secret)).toBe(
      true,
    );
    const all: string[] = [];
    let cursor = '';
    do {
      const { body } = await api.call('GET', `/v1/variables?sort=-name&limit=70${cursor && `&cursor=${cursor}`}`);
      all.push(...names(body.items));
      cursor = body.nextCursor;
    } while (cursor !== null);
    const known = lab.deps.controls!.get('proxysql')!.variables.all.map(({ name }) => name);
    expect(all).toEqual(known.toSorted().toReversed());
  });

  test.each<[string, number, TestCaller]>([
    ['kind=maxscale', 422, 'viewer'],
    ['namespace=reporting', 404, SHOP_VIEWER],
    ['proxyId=lab-3', 404, SHOP_VIEWER],
    ['proxyId=nowhere', 404, 'viewer'],
    ['proxyId=lab-1&namespace=reporting', 404, 'viewer'],
    ['live=true', 400, 'viewer'],
    ['filter[drifting]=true', 400, 'viewer'],
    ['cursor=abc', 400, 'viewer'],
  ])('refuses %s with %i', async (query, status, as) => {
    expect((await api.call('GET', `/v1/variables?${query}`, { as })).status).toBe(status);
  });

  test('has one variable with all that was decided about it', async () => {
    await put({ ...FLEET, value: '1000' });
    await put({ ...OF_PROXY, value: '3000' });
    await put({ scope: 'namespace', scopeName: 'reporting', value: '2000' });
    const { body } = await api.call('GET', `/v1/variables/${NAME}`);
    expect(body.settings).toHaveLength(3);
    expect(body.proxies).toMatchObject([
      { proxy: 'lab-1', namespace: 'shop', managed: false, desired: { value: '3000', scope: 'proxy' } },
      { proxy: 'lab-3', desired: { value: '2000', scope: 'namespace' } },
    ]);
    const seen = await api.call('GET', `/v1/variables/${NAME}`, { as: SHOP_VIEWER });
    expect(seen.body.settings).toHaveLength(2);
    expect(seen.body.proxies).toMatchObject([{ proxy: 'lab-1' }]);
    expect((await api.call('GET', '/v1/variables/mysql-nonsense')).status).toBe(404);
  });
});

test('the history tells who decided what and why, as far as the caller may see', async () => {
  await put({ ...OF_SHOP, value: '1', reason: 'first' }, { as: SHOP_OPERATOR });
  await put({ ...OF_SHOP, value: '2', reason: 'second' });
  await put({ scope: 'namespace', scopeName: 'reporting', value: '3' });
  // Names that a pattern could take for this one.
  await put({ ...OF_SHOP, name: 'mysql-max_stmts_per_connection', value: '20' });
  const answer = await api.call('GET', `/v1/variables/${NAME}/history`, { as: SHOP_VIEWER });
  expect(answer.body.items).toMatchObject([
    { action: 'update', reason: 'second', before: { value: '1' }, after: { value: '2' }, namespace: 'shop' },
    { action: 'create', reason: 'first', actor: 'olga', before: null, after: { value: '1' } },
  ]);
  const first = await api.call('GET', `/v1/variables/${NAME}/history?limit=2`);
  expect(first.body.items).toHaveLength(2);
  const rest = await api.call('GET', `/v1/variables/${NAME}/history?limit=2&cursor=${first.body.nextCursor}`);
  expect(rest.body).toMatchObject({ items: [{ reason: 'first' }], nextCursor: null });
});
