import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { fetchAccounts } from '@proxywatch/core/drivers/dcdb/accounts/account-repository';
import { registerNamespace } from '@proxywatch/core/drivers/dcdb/namespace-repository';
import { hashPassword, verifyPassword } from '@proxywatch/core/drivers/proxysql/control/password-hash';
import { accountsRoutes } from '../../../functions/api/accounts/routes.ts';
import { createTestApi, type TestApi, type TestCall, type TestCaller } from '../../support/api-harness.ts';
import { closeLabs, startLab } from '../../support/lab-traffic.ts';
import { type ControlLab, forgetAll, observe, register, startControlLab } from './control-lab.ts';

let lab: ControlLab;
let api: TestApi;

beforeAll(async () => {
  lab = await startControlLab();
});
beforeEach(async () => {
  await forgetAll(lab.db);
  for (const name of ['shop', 'reporting']) {
    await registerNamespace(lab.db, { name, description: '', owner: '', tags: [] });
  }
  api = createTestApi(accountsRoutes, lab.deps);
});
afterEach(() => closeLabs());
afterAll(() => lab?.stop());

const SHOP_OPERATOR: TestCaller = { name: 'olga', roles: { shop: 'operator' } };
const SHOP_VIEWER: TestCaller = { name: 'vera', roles: { shop: 'viewer' } };
const SECRET = 'gr\u00fcn-Geheim\'"\\42';

function post(body: object, options: TestCall = {}) {
  return api.call('POST', '/v1/accounts', { body, ...options });
}

async function create(fields: object = {}) {
  const answer = await post({ namespace: 'shop', username: 'app', password: SECRET, defaultHostgroup: 10, ...fields });
  expect(answer.status).toBe(201);
  return answer;
}

const ifMatch = (revision: number) => ({ headers: { 'if-match': `"${revision}"` } });

describe('an account', () => {
  test('is created with what is told and harmless defaults for the rest', async () => {
    const { headers, body } = await create();
    expect(headers).toMatchObject({ location: `/v1/accounts/${body.id}`, etag: '"1"' });
    expect(body).toEqual({
      id: expect.any(String),
      namespace: 'shop',
      username: 'app',
      plugin: 'mysql_native_password',
      defaultHostgroup: 10,
      defaultSchema: null,
      schemaLocked: false,
      transactionPersistent: true,
      fastForward: false,
      maxConnections: 10_000,
      useSsl: false,
      access: 'rw',
      allowedIps: [],
      active: true,
      expired: false,
      owner: '',
      comment: '',
      expiresAt: null,
      passwordChangedAt: expect.any(String),
      clearTextSeen: true,
      revision: 1,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
    const read = await api.call('GET', `/v1/accounts/${body.id}`, { as: SHOP_VIEWER });
    expect(read).toMatchObject({ status: 200, headers: { etag: '"1"' }, body });
  });

  test.each(['mysql_native_password', 'caching_sha2_password'] as const)(
    'keeps a %s hash that logs in',
    async (plugin) => {
      await create({ plugin });
      const [account] = await fetchAccounts(lab.db, 'shop');
      expect(account!.spec.password.plugin).toBe(plugin);
      expect(verifyPassword(account!.spec.password, SECRET)).toBe(true);
    },
  );

  test('takes a hash instead of a password', async () => {
    const { hash } = hashPassword('caching_sha2_password', SECRET);
    const { body } = await create({ password: undefined, passwordHash: hash });
    expect(body).toMatchObject({ plugin: 'caching_sha2_password', clearTextSeen: false });
    const [account] = await fetchAccounts(lab.db, 'shop');
    expect(account!.spec.password.hash).toBe(hash);
  });

  test('takes every field there is', async () => {
    const fields = {
      defaultSchema: 'shop',
      schemaLocked: true,
      transactionPersistent: false,
      fastForward: true,
      maxConnections: 0,
      useSsl: true,
      access: 'ro',
      allowedIps: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1'],
      active: false,
      owner: 'team shop \u{1f6d2}',
      comment: "it's ours",
      expiresAt: '2030-01-31T12:00:00.000Z',
    };
    expect((await create(fields)).body).toMatchObject(fields);
  });

  test.each<[string, object, string]>([
    ['an empty name', { username: '' }, '/username'],
    ['a name of 33 bytes', { username: `${'\u00fc'.repeat(16)}x` }, '/username'],
    ['a name that ends in a blank', { username: 'app ' }, '/username'],
    ['a name with a line break', { username: 'a\nb' }, '/username'],
    ['no password', { password: undefined }, '/password'],
    ['password and hash', { passwordHash: `*${'A'.repeat(40)}` }, '/password'],
    ['an empty password', { password: '' }, '/password'],
    ['a password that is a hash', { password: `*${'A'.repeat(40)}` }, '/password'],
    ['a hash that is none', { password: undefined, passwordHash: 'secret' }, '/passwordHash'],
    [
      'a hash of another plugin',
      { password: undefined, passwordHash: `*${'A'.repeat(40)}`, plugin: 'caching_sha2_password' },
      '/plugin',
    ],
    ['a hostgroup below zero', { defaultHostgroup: -1 }, '/defaultHostgroup'],
    ['an address that is none', { allowedIps: ['10.0.0.256'] }, '/allowedIps/0'],
    ['a network with host bits', { allowedIps: ['::1', '10.0.0.1/8'] }, '/allowedIps/1'],
    ['an expiry that is no time', { expiresAt: 'tomorrow' }, '/expiresAt'],
    ['a field that there is not', { colour: 'green' }, '/colour'],
  ])('is refused with %s', async (_, fields, pointer) => {
    const answer = await post({
      namespace: 'shop',
      username: 'app',
      password: SECRET,
      defaultHostgroup: 10,
      ...fields,
    });
    expect(answer).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
    expect(answer.body.errors.map((problem: { pointer: string }) => problem.pointer)).toContain(pointer);
    expect(answer.text).not.toContain('Geheim');
  });

  test('is refused a second time in its namespace, not in another one', async () => {
    await create();
    const again = await post({ namespace: 'shop', username: 'app', password: SECRET, defaultHostgroup: 10 });
    expect(again).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
    await create({ namespace: 'reporting' });
  });

  test('needs a namespace that there is', async () => {
    const answer = await post({ namespace: 'nowhere', username: 'app', password: SECRET, defaultHostgroup: 10 });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: '/namespace' }] } });
  });

  test('changes field by field, for those who know its revision', async () => {
    const { body } = await create({ owner: 'team shop' });
    const path = `/v1/accounts/${body.id}`;
    expect((await api.call('PATCH', path, { body: { comment: 'x' } })).status).toBe(428);
    const changed = await api.call('PATCH', path, { body: { maxConnections: 5, expiresAt: null }, ...ifMatch(1) });
    expect(changed).toMatchObject({
      status: 200,
      headers: { etag: '"2"' },
      body: { maxConnections: 5, owner: 'team shop' },
    });
    expect((await api.call('PATCH', path, { body: { maxConnections: 6 }, ...ifMatch(1) })).status).toBe(412);
    const password = await api.call('PATCH', path, { body: { password: SECRET }, ...ifMatch(2) });
    expect(password).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/password', message: 'unknown field' }] },
    });
  });

  test('is disabled and enabled', async () => {
    const { body } = await create();
    const disabled = await api.call('POST', `/v1/accounts/${body.id}/actions/disable`);
    expect(disabled).toMatchObject({ status: 200, body: { active: false, revision: 2 } });
    const enabled = await api.call('POST', `/v1/accounts/${body.id}/actions/enable`);
    expect(enabled).toMatchObject({ status: 200, body: { active: true, revision: 3 } });
  });

  test('that has expired says so', async () => {
    const { body } = await create({ expiresAt: '2001-01-01T00:00:00Z' });
    expect(body).toMatchObject({ active: true, expired: true });
  });

  test('is not changed by a dry run', async () => {
    const rehearsed = await api.call('POST', '/v1/accounts?dryRun=true', {
      body: { namespace: 'shop', username: 'app', password: SECRET, defaultHostgroup: 10 },
    });
    expect(rehearsed).toMatchObject({ status: 200, body: { username: 'app' } });
    expect(await fetchAccounts(lab.db, 'shop')).toEqual([]);
  });

  test('is deleted unless clients are connected with it', async () => {
    const proxy = await startLab(lab.backend.port);
    await register(lab.db, 'lab-1', proxy);
    await register(lab.db, 'lab-2', proxy);
    await proxy.client();
    await observe(lab.redis, 'lab-1', proxy);
    const { body } = await create({ username: 'app_rw' });
    const read = await api.call('GET', `/v1/accounts/${body.id}`);
    expect(read.body).toMatchObject({ connections: [{ proxy: 'lab-1', connections: 1 }], unobserved: ['lab-2'] });

    const path = `/v1/accounts/${body.id}`;
    const refused = await api.call('DELETE', path, ifMatch(1));
    expect(refused).toMatchObject({ status: 409, body: { detail: expect.stringContaining('1 on lab-1') } });
    expect((await api.call('DELETE', `${path}?force=true`, ifMatch(2))).status).toBe(412);
    expect((await api.call('DELETE', `${path}?force=true`, ifMatch(1))).status).toBe(204);
    expect((await api.call('GET', path)).status).toBe(404);
  });
});

describe('who may what', () => {
  test('is decided by the namespace', async () => {
    const { body } = await create();
    const other = (await create({ namespace: 'reporting' })).body;
    const path = `/v1/accounts/${body.id}`;
    expect((await api.call('GET', path, { as: 'nobody' })).status).toBe(401);
    expect((await api.call('GET', path, { as: SHOP_VIEWER })).status).toBe(200);
    expect((await api.call('GET', `/v1/accounts/${other.id}`, { as: SHOP_OPERATOR })).status).toBe(404);
    expect((await api.call('PATCH', path, { as: SHOP_VIEWER, body: { comment: 'x' }, ...ifMatch(1) })).status).toBe(
      403,
    );
    expect((await api.call('PATCH', path, { as: SHOP_OPERATOR, body: { comment: 'x' }, ...ifMatch(1) })).status).toBe(
      200,
    );
    for (const action of ['rotate-password', 'enable', 'disable', 'kill-sessions', 'test-login']) {
      const given = { 'rotate-password': { password: SECRET }, 'test-login': { password: SECRET, proxyId: 'lab-1' } }[
        action
      ];
      const requestBody = action === 'enable' || action === 'disable' ? {} : { body: given ?? {} };
      const asked = (id: string, as: TestCaller) =>
        api.call('POST', `/v1/accounts/${id}/actions/${action}`, { as, ...requestBody });
      expect((await asked(body.id, SHOP_VIEWER)).status).toBe(403);
      expect((await asked(other.id, SHOP_OPERATOR)).status).toBe(404);
    }
    const foreign = { namespace: 'reporting', username: 'x', password: SECRET, defaultHostgroup: 1 };
    expect((await post(foreign, { as: SHOP_OPERATOR })).status).toBe(404);
  });

  test('shows in lists', async () => {
    await create({ username: 'zoe' });
    await create({ username: 'app' });
    await create({ namespace: 'reporting', username: 'bi' });
    const names = async (query: string, as: TestCaller) =>
      (await api.call('GET', `/v1/accounts${query}`, { as })).body.items.map(
        ({ username }: { username: string }) => username,
      );
    expect(await names('', 'viewer')).toEqual(['app', 'bi', 'zoe']);
    expect(await names('?sort=-username', SHOP_VIEWER)).toEqual(['zoe', 'app']);
    expect(await names('?filter[username][like]=z*', SHOP_VIEWER)).toEqual(['zoe']);
    expect(await names('?filter[namespace]=reporting', SHOP_VIEWER)).toEqual([]);
    expect(await names('?filter[username]=%27%20or%201%3D1%20--', 'viewer')).toEqual([]);
    const first = await api.call('GET', '/v1/accounts?limit=2');
    expect(await names(`?limit=2&cursor=${first.body.nextCursor}`, 'admin')).toEqual(['zoe']);
  });
});

test('a batch does what it can, item by item', async () => {
  const { body } = await create();
  const answer = await api.call('POST', '/v1/accounts/actions/batch', {
    as: SHOP_OPERATOR,
    body: {
      items: [
        { action: 'create', account: { namespace: 'shop', username: 'new', password: SECRET, defaultHostgroup: 1 } },
        { action: 'create', account: { namespace: 'shop', username: 'app', password: SECRET, defaultHostgroup: 1 } },
        { action: 'create', account: { namespace: 'reporting', username: 'x', password: SECRET, defaultHostgroup: 1 } },
        { action: 'update', id: body.id, revision: 7, changes: { comment: 'stale' } },
        { action: 'update', id: body.id, revision: 1, changes: { comment: 'mine' } },
        { action: 'disable', id: body.id },
        { action: 'delete', id: body.id },
      ],
    },
  });
  expect(answer.body.items.map(({ status }: { status: number }) => status)).toEqual([
    201, 409, 404, 412, 200, 200, 204,
  ]);
  const left = await fetchAccounts(lab.db, 'shop');
  expect(left.map(({ spec }) => spec.username)).toEqual(['new']);
});

test('the report tells of duplicate names, shared, incomparable and old passwords, and of none of them', async () => {
  await create({ username: 'one' });
  await create({ username: 'two', plugin: 'caching_sha2_password' });
  const { hash } = hashPassword('mysql_native_password', SECRET);
  await create({ username: 'three', password: undefined, passwordHash: hash });
  await create({ username: 'one', namespace: 'reporting', password: 'another secret' });
  const sha2 = hashPassword('caching_sha2_password', SECRET).hash;
  await create({ username: 'four', password: undefined, passwordHash: sha2 });
  await lab.db
    .updateTable('accounts')
    .set({ password_changed_at: new Date(Date.now() - 40 * 86_400_000) })
    .where('username', '=', 'two')
    .execute();
  const answer = await api.call('GET', '/v1/accounts/reports/passwords?olderThanDays=30');
  const names = (accounts: readonly { namespace: string; username: string }[]) =>
    accounts.map(({ namespace, username }) => `${namespace}/${username}`).toSorted();
  expect(answer.body).toMatchObject({ accounts: 5, truncated: false });
  expect(answer.body.duplicateUsernames).toMatchObject([{ username: 'one', accounts: [{}, {}] }]);
  expect(answer.body.sharedPasswords).toHaveLength(1);
  // The first has digest and hash, the second the digest alone, the third the hash alone.
  expect(names(answer.body.sharedPasswords[0].accounts)).toEqual(['shop/one', 'shop/three', 'shop/two']);
  expect(names(answer.body.notComparable)).toEqual(['shop/four']);
  expect(names(answer.body.old)).toEqual(['shop/two']);
  expect(answer.text).not.toMatch(/\*[0-9A-F]{40}|\$A\$005|[0-9a-f]{64}/);
  const seen = await api.call('GET', '/v1/accounts/reports/passwords', { as: { roles: { reporting: 'viewer' } } });
  expect(seen.body).toMatchObject({ accounts: 1, duplicateUsernames: [], sharedPasswords: [] });
});

test('a password is found nowhere: not in an answer, the audit, a stored answer or the log', async () => {
  const answers = [];
  const key = { headers: { 'idempotency-key': 'once' } };
  const body = { namespace: 'shop', username: 'app', password: SECRET, defaultHostgroup: 10 };
  answers.push(await post(body, key), await post(body, key), await post(body), await post({ ...body, colour: 1 }));
  answers.push(
    await post({ ...body, password: [SECRET] }),
    await api.call('POST', '/v1/accounts', { body: `{"password": "${SECRET}` }),
  );
  const { id } = answers[0]!.body;
  answers.push(await api.call('POST', `/v1/accounts/${id}/actions/rotate-password`, { body: { password: SECRET } }));
  const unverified = {
    body: { password: SECRET, verify: false },
    headers: { 'x-reason': 'a test', 'idempotency-key': 'twice' },
  };
  answers.push(await api.call('POST', `/v1/accounts/${id}/actions/rotate-password`, unverified));
  answers.push(await api.call('GET', '/v1/accounts'), await api.call('GET', `/v1/accounts/${id}`));
  answers.push(await api.call('DELETE', `/v1/accounts/${id}?force=true`, ifMatch(2)));
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 409, 400, 400, 400, 409, 200, 200, 200, 204]);

  const [account] = [await create()];
  const [stored] = await fetchAccounts(lab.db, 'shop');
  const everything = [JSON.stringify(answers), JSON.stringify(account), JSON.stringify(api.log), await lab.dump()].join(
    '\n',
  );
  for (const form of formsOf(SECRET)) expect(everything.includes(form)).toBe(false);
  // The hash is where it belongs and nowhere else.
  const { hash } = stored!.spec.password;
  const others = [JSON.stringify(answers), JSON.stringify(api.log)];
  for (const table of ['audit', 'idempotency_keys'] as const) {
    others.push(JSON.stringify(await lab.db.selectFrom(table).selectAll().execute()));
  }
  expect(others.join('\n')).not.toContain(hash);
  expect(everything).toContain(hash);
});

/** A text as it would stand in JSON, in a URL, in base64 or in hex. */
function formsOf(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  const json = JSON.stringify(text).slice(1, -1);
  return [
    text,
    json,
    JSON.stringify(json).slice(1, -1),
    encodeURIComponent(text),
    bytes.toString('base64'),
    bytes.toString('hex'),
  ];
}
