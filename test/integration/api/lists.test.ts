import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { sql } from 'kysely';
import { z } from 'zod';
import { type ListSpec, listAnswer, listPage, listQuery, whereNamespace } from '../../../functions/api/shared/list.ts';
import { route } from '../../../functions/api/shared/route.ts';
import { createTestApi, type TestCaller } from '../../support/api-harness.ts';
import { type MigratedDcdb, startMigratedDcdb } from '../../support/migrated-dcdb.ts';

let dcdb: MigratedDcdb;
let db: Dcdb;

const spec: ListSpec = {
  name: 'accounts',
  fields: {
    username: { column: 'accounts.username', type: 'string', sortable: true },
    namespace: { column: 'accounts.namespace', type: 'string' },
    defaultSchema: { column: 'accounts.default_schema', type: 'string', nullable: true, sortable: true },
    maxConnections: { column: 'accounts.max_connections', type: 'number', sortable: true },
    active: { column: 'accounts.active', type: 'boolean' },
    access: { column: 'accounts.access', type: 'string', values: ['rw', 'ro'] },
    createdAt: { column: 'accounts.created_at', type: 'time', sortable: true },
  },
  defaultSort: 'username',
  key: { field: 'id', column: 'accounts.id' },
};

const accounts = route({
  module: 'accounts',
  method: 'GET',
  path: '/v1/accounts',
  operationId: 'listAccounts',
  summary: 'Accounts',
  role: 'viewer',
  query: listQuery(spec),
  answers: { 200: { description: 'A page', schema: listAnswer(z.unknown()) } },
  handle: (deps, request) =>
    listPage(
      spec,
      request,
      whereNamespace(
        deps.db.selectFrom('accounts').select(['id', 'username', 'default_schema']),
        'accounts.namespace',
        request.caller,
      ),
      (rows) => rows.map(({ id, username, default_schema }) => ({ id, username, schema: default_schema })),
    ),
});

const COUNT = 60;
const idOf = (i: number) => `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;

beforeAll(async () => {
  dcdb = await startMigratedDcdb();
  db = dcdb.db;
  await db
    .insertInto('namespaces')
    .values(['shop', 'blog'].map((name) => ({ name, tags: '[]' })))
    .execute();
  const rows = Array.from({ length: COUNT }, (_, i) => ({
    id: idOf((i * 37) % COUNT),
    namespace: i % 2 === 0 ? 'shop' : 'blog',
    username: `user${i}`,
    plugin: 'mysql_native_password',
    password_hash: Buffer.from('*'),
    default_hostgroup: 1,
    // Few values, so that most rows are equal in these sort orders, and many nulls.
    default_schema: i % 3 === 0 ? null : (['a', 'B', 'ä_%'][(i % 5) % 3] ?? null),
    max_connections: i % 4,
    active: i % 2,
    access: i % 7 === 0 ? 'ro' : 'rw',
    allowed_ips: '[]',
    created_at: sql<Date>`timestamp'2026-01-01 00:00:00.000000' + interval ${i % 10} microsecond`,
  }));
  await db.insertInto('accounts').values(rows).execute();
});
afterAll(() => dcdb?.stop());

const get = (query: Readonly<Record<string, string>>, as: TestCaller = 'viewer') =>
  createTestApi([accounts], { db }).call('GET', `/v1/accounts?${new URLSearchParams(query)}`, { as });

type Item = { readonly id: string; readonly username: string; readonly schema: string | null };

/** All pages after each other. */
async function walk(query: Readonly<Record<string, string>>, as?: TestCaller): Promise<readonly Item[]> {
  const items: Item[] = [];
  let cursor: string | null = '';
  for (let pages = 0; cursor !== null && pages <= COUNT; pages += 1) {
    const answer = await get({ ...query, ...(cursor !== '' && { cursor }) }, as);
    expect(answer.status).toBe(200);
    items.push(...answer.body.items);
    cursor = answer.body.nextCursor;
  }
  return items;
}

describe('pages', () => {
  test.each([
    'username',
    '-username',
    'defaultSchema',
    '-defaultSchema',
    'maxConnections',
    '-maxConnections',
    'createdAt',
    '-createdAt',
  ])('by %s show each row once, in the order of one long page', async (sort) => {
    const all = await get({ sort, limit: '200' });
    expect(all.body).toMatchObject({ nextCursor: null });
    expect(all.body.items).toHaveLength(COUNT);
    expect(await walk({ sort, limit: '7' })).toEqual(all.body.items);
  });

  test('whose length is that of the list are followed by none', async () => {
    expect((await get({ limit: String(COUNT) })).body.nextCursor).toBeNull();
  });

  test('do not lose or repeat what is neither new nor gone while they are read', async () => {
    const guest = { id: idOf(COUNT), namespace: 'shop', username: 'a guest', plugin: 'mysql_native_password' };
    const values = { ...guest, password_hash: Buffer.from('*'), default_hostgroup: 1, allowed_ips: '[]' };
    await db.insertInto('accounts').values(values).execute();
    const first = await get({ limit: '20' });
    await db.deleteFrom('accounts').where('id', '=', guest.id).execute();
    const rest = await walk({ limit: '20', cursor: first.body.nextCursor });
    expect(new Set([...first.body.items, ...rest].map(({ id }) => id)).size).toBe(COUNT + 1);
  });

  test('have rows of the namespaces that the caller may see, and no others', async () => {
    const shop = await walk({ limit: '200' }, { roles: { shop: 'viewer' } });
    expect(shop.length).toBeGreaterThan(0);
    expect(shop.length).toBeLessThan(COUNT);
    expect(await walk({ 'filter[namespace]': 'blog' }, { roles: { shop: 'viewer' } })).toEqual([]);
    expect(await get({}, { roles: {} })).toMatchObject({ status: 403 });
  });

  test('refuse a cursor of another filter, sort order or list', async () => {
    const { nextCursor } = (await get({ limit: '5', sort: 'maxConnections' })).body;
    for (const query of [
      { sort: '-maxConnections' },
      { sort: 'username' },
      { sort: 'maxConnections', 'filter[active]': 'true' },
    ]) {
      const answer = await get({ ...query, cursor: nextCursor } as Record<string, string>);
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '?cursor' }] } });
    }
  });
});

describe('filters', () => {
  const count = async (query: Readonly<Record<string, string>>) => (await walk({ limit: '200', ...query })).length;

  test('take rows by value, and rows without a value where that is asked for', async () => {
    expect(await count({ 'filter[username]': 'user7' })).toBe(1);
    expect(await count({ 'filter[username][in]': 'user7,user8,nobody' })).toBe(2);
    const without = await count({ 'filter[defaultSchema]': '' });
    expect(without).toBeGreaterThan(0);
    expect(await count({ 'filter[defaultSchema][ne]': '' })).toBe(COUNT - without);
    const schemas = await walk({ 'filter[defaultSchema][ne]': 'a' });
    expect(schemas.some(({ schema }) => schema === null)).toBe(true);
    expect(schemas.every(({ schema }) => schema !== 'a')).toBe(true);
  });

  test('compare numbers and flags, and all together', async () => {
    expect(await count({ 'filter[maxConnections][lt]': '1' })).toBe(await count({ 'filter[maxConnections]': '0' }));
    expect(await count({ 'filter[active]': 'true', 'filter[active][ne]': 'true' })).toBe(0);
    expect(
      await count({ 'filter[maxConnections][gt]': '0', 'filter[maxConnections][lt]': '3', 'filter[active]': 'false' }),
    ).toBe(15);
  });

  test('know that a time which was shown stands for its whole millisecond', async () => {
    expect(await count({ 'filter[createdAt][gt]': '2026-01-01T00:00:00.000Z' })).toBe(0);
    expect(await count({ 'filter[createdAt][lt]': '2026-01-01T00:00:00.001Z' })).toBe(COUNT);
    expect(await count({ 'filter[createdAt][lt]': '2026-01-01T01:00:00.000+01:00' })).toBe(0);
  });

  test('match patterns in which the asterisk alone stands for more than itself', async () => {
    expect(await count({ 'filter[username][like]': 'user1*' })).toBe(11);
    expect(await count({ 'filter[username][like]': 'user_*' })).toBe(0);
    expect(await count({ 'filter[username][like]': 'user%' })).toBe(0);
    expect(await count({ 'filter[username][like]': "' or 1=1 -- *" })).toBe(0);
    expect(await count({ 'filter[username][like]': '*' })).toBe(COUNT);
  });

  test.each([
    [{ 'filter[password]': 'a' }, '?filter[password]'],
    [{ 'filter[username][lt]': 'a' }, '?filter[username][lt]'],
    [{ 'filter[active]': '1' }, '?filter[active]'],
    [{ 'filter[maxConnections]': 'NaN' }, '?filter[maxConnections]'],
    [{ 'filter[maxConnections][in]': '1,,2' }, '?filter[maxConnections][in]'],
    [{ 'filter[createdAt][gt]': 'yesterday' }, '?filter[createdAt][gt]'],
    [{ 'filter[access]': 'none' }, '?filter[access]'],
    [{ 'filter[username]': '\0' }, '?'],
    [{ sort: 'password' }, '?sort'],
    [{ limit: '0' }, '?limit'],
    [{ limit: '201' }, '?limit'],
    [{ cursor: 'AAAA' }, '?cursor'],
    [{ offset: '3' }, '?offset'],
  ])('that are not allowed are refused by name: %j', async (query, pointer) => {
    const answer = await get(query as unknown as Record<string, string>);
    expect(answer).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID', errors: [{ pointer }] } });
  });
});
