import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { accessDcdb } from '@proxywatch/core/drivers/dcdb/dcdb-error';
import { sql } from 'kysely';
import { z } from 'zod';
import { created } from '../../../functions/api/shared/answer.ts';
import type { ApiRequest } from '../../../functions/api/shared/api-request.ts';
import { batchRoute } from '../../../functions/api/shared/batch.ts';
import { dryRunQuery, identifier, text } from '../../../functions/api/shared/fields.ts';
import { type AnyRoute, route } from '../../../functions/api/shared/route.ts';
import { createTestApi } from '../../support/api-harness.ts';
import { localSecrets } from '../../support/local-secrets.ts';
import { type MigratedDcdb, startMigratedDcdb } from '../../support/migrated-dcdb.ts';

let dcdb: MigratedDcdb;
let db: Dcdb;

beforeAll(async () => {
  dcdb = await startMigratedDcdb();
  db = dcdb.db;
});
afterAll(() => dcdb?.stop());
beforeEach(async () => {
  for (const table of ['audit', 'idempotency_keys', 'namespaces'] as const) await db.deleteFrom(table).execute();
});

const body = z.strictObject({ name: identifier(), description: text(100).default('') });
type Body = z.infer<typeof body>;
type Query = z.infer<typeof dryRunQuery>;
const answers = { 201: { description: 'The namespace' } };

/** Creates a namespace, and audits it with what `state` makes of its name. */
const create = (state: (name: string) => unknown) => (_deps: unknown, request: ApiRequest<unknown, Query, Body>) =>
  request.change(async (tx, audit) => {
    const { name, description } = request.body;
    const row = { name, description, tags: '[]' };
    await accessDcdb(() => tx.insertInto('namespaces').values(row).execute());
    if (name === 'refused') throw new ProxywatchError('CONFLICT', 'not this one');
    if (name !== 'silent')
      audit({ action: 'create', resourceType: 'namespace', resourceId: name, namespace: name, after: state(name) });
    return created(`/v1/namespaces/${name}`, { revision: 1 });
  });

const common = { module: 'namespaces', summary: 'Creates', role: 'operator', query: dryRunQuery, answers } as const;
const routes: readonly AnyRoute[] = [
  route<Record<string, never>, Query, Body>({
    ...common,
    method: 'POST',
    path: '/v1/namespaces',
    operationId: 'createNamespace',
    body: body as z.ZodType<Body>,
    handle: create((name) => ({ name })),
  }),
  batchRoute<Record<string, never>, Query, Body>({
    ...common,
    path: '/v1/namespaces/actions/batch',
    operationId: 'createNamespaces',
    body: body as z.ZodType<Body>,
    handle: create((name) => ({ name })),
  }),
];

const secrets = localSecrets();
const api = () => createTestApi(routes, { db, secrets });
const post = (options: object, path = '/v1/namespaces') => api().call('POST', path, { as: 'operator', ...options });
const names = async () =>
  (await db.selectFrom('namespaces').select('name').orderBy('name').execute()).map((row) => row.name);
const audits = () => db.selectFrom('audit').selectAll().orderBy('id').execute();

describe('a change', () => {
  test('leaves an audit record that tells who, whence, why and what', async () => {
    const headers = { 'x-reason': encodeURIComponent('für den Umzug 100%') };
    const answer = await post({ body: { name: 'shop' }, headers });
    expect(answer).toMatchObject({ status: 201, headers: { location: '/v1/namespaces/shop', etag: '"1"' } });
    const [record, ...others] = await audits();
    expect(others).toEqual([]);
    expect(record).toMatchObject({
      actor: 'test-operator',
      source_address: '192.0.2.1',
      request_id: answer.headers['x-request-id'],
      action: 'create',
      resource_type: 'namespace',
      resource_id: 'shop',
      namespace: 'shop',
      before_state: null,
      after_state: { name: 'shop' },
      reason: 'für den Umzug 100%',
    });
  });

  test('that fails leaves neither itself nor an audit record', async () => {
    expect(await post({ body: { name: 'refused' } })).toMatchObject({ status: 409, body: { detail: 'not this one' } });
    expect(await names()).toEqual([]);
    expect(await audits()).toEqual([]);
  });

  test('whose audit fails is not made', async () => {
    await sql`rename table audit to audit_away`.execute(db);
    try {
      expect(await post({ body: { name: 'shop' } })).toMatchObject({ status: 500, body: { code: 'INTERNAL' } });
    } finally {
      await sql`rename table audit_away to audit`.execute(db);
    }
    expect(await names()).toEqual([]);
  });

  test('that audits nothing is not made', async () => {
    expect(await post({ body: { name: 'silent' } })).toMatchObject({ status: 500 });
    expect(await names()).toEqual([]);
  });

  test('of what is there already is a conflict, without a word of SQL', async () => {
    await post({ body: { name: 'shop' } });
    const answer = await post({ body: { name: 'shop' } });
    expect(answer).toMatchObject({ status: 409, body: { code: 'CONFLICT', detail: 'there is one like it already' } });
  });

  test('that is rehearsed is checked as for real and leaves nothing', async () => {
    const answer = await post(
      { body: { name: 'shop' }, headers: { 'idempotency-key': 'k' } },
      '/v1/namespaces?dryRun=true',
    );
    expect(answer).toMatchObject({ status: 200, headers: { 'dry-run': 'true' }, body: { revision: 1 } });
    expect(answer.headers).not.toHaveProperty('location');
    expect(await names()).toEqual([]);
    expect(await audits()).toEqual([]);
    expect(await db.selectFrom('idempotency_keys').selectAll().execute()).toEqual([]);
  });
});

describe('a batch', () => {
  const batch = (items: readonly object[], headers = {}) =>
    post({ body: { items }, headers }, '/v1/namespaces/actions/batch');

  test('answers for each item, and one that fails leaves the others alone', async () => {
    const answer = await batch([{ name: 'a' }, { name: 'refused' }, { name: 'b' }]);
    expect(answer.status).toBe(200);
    expect(answer.body.items).toMatchObject([
      { index: 0, status: 201, body: { revision: 1 } },
      { index: 1, status: 409, problem: { code: 'CONFLICT', detail: 'not this one' } },
      { index: 2, status: 201 },
    ]);
    expect(await names()).toEqual(['a', 'b']);
    expect(await audits()).toHaveLength(2);
  });

  test('with an item out of form is not begun', async () => {
    const answer = await batch([{ name: 'a' }, { name: 'b', colour: 'red' }]);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '/items/1/colour' }] } });
    expect(await names()).toEqual([]);
  });

  test('of more than 100 items is refused', async () => {
    const items = Array.from({ length: 101 }, (_, i) => ({ name: `n${i}` }));
    expect(await batch(items)).toMatchObject({ status: 400, body: { errors: [{ pointer: '/items' }] } });
  });

  test('that died half way goes on where it was', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const items = [{ name: 'a' }, { name: 'b' }];
    await batch(items, key);
    // As if the process had died before the answer of the whole was kept, and long ago.
    await db
      .updateTable('idempotency_keys')
      .set({ state: 'running', locked_until: sql<Date>`now(6) - interval 1 second` })
      .where('idempotency_key', '=', key['idempotency-key'])
      .execute();
    expect((await batch(items, key)).body.items).toMatchObject([{ status: 201 }, { status: 201 }]);
    expect(await audits()).toHaveLength(2);
  });
});
