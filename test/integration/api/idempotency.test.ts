import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { sql } from 'kysely';
import { z } from 'zod';
import { created, ok } from '../../../functions/api/shared/answer.ts';
import { identifier } from '../../../functions/api/shared/fields.ts';
import { createKeySweep } from '../../../functions/api/shared/key-sweep.ts';
import { type AnyRoute, route } from '../../../functions/api/shared/route.ts';
import { createTestApi, type TestCall } from '../../support/api-harness.ts';
import { localSecrets } from '../../support/local-secrets.ts';
import { type MigratedDcdb, startMigratedDcdb } from '../../support/migrated-dcdb.ts';

let dcdb: MigratedDcdb;
let db: Dcdb;
/** Called in the middle of each change. */
let meanwhile: () => Promise<void> = async () => {};
let looks = 0;

beforeAll(async () => {
  dcdb = await startMigratedDcdb();
  db = dcdb.db;
});
afterAll(() => dcdb?.stop());
beforeEach(async () => {
  meanwhile = async () => {};
  looks = 0;
  for (const table of ['audit', 'idempotency_keys', 'namespaces'] as const) await db.deleteFrom(table).execute();
});

const body = z.strictObject({ name: identifier() });
const routes: readonly AnyRoute[] = [
  route({
    module: 'namespaces',
    method: 'POST',
    path: '/v1/namespaces',
    operationId: 'createNamespace',
    summary: 'Creates a namespace',
    role: 'operator',
    body,
    answers: { 201: { description: 'The namespace' } },
    handle: (_deps, request) =>
      request.change(async (tx, audit) => {
        const { name } = request.body;
        await tx.insertInto('namespaces').values({ name, tags: '[]' }).execute();
        await meanwhile();
        audit({ action: 'create', resourceType: 'namespace', resourceId: name });
        return created(`/v1/namespaces/${name}`, { revision: 1 });
      }),
  }),
  route({
    module: 'namespaces',
    method: 'POST',
    path: '/v1/namespaces/actions/look',
    operationId: 'lookAtNamespaces',
    summary: 'Changes nothing',
    role: 'viewer',
    body,
    answers: { 200: { description: 'What was seen' } },
    async handle() {
      looks += 1;
      return ok({ looks });
    },
  }),
];

const secrets = localSecrets();
const api = () => createTestApi(routes, { db, secrets });
const post = (key: string, name: string, options: TestCall = {}) =>
  api().call('POST', '/v1/namespaces', {
    as: 'operator',
    body: { name },
    headers: { 'idempotency-key': key },
    ...options,
  });
const namespaces = async () => (await db.selectFrom('namespaces').select('name').execute()).length;
const audits = async () => (await db.selectFrom('audit').select('id').execute()).length;

describe('an Idempotency-Key', () => {
  test('gives the answer of then to the same request', async () => {
    const first = await post('k', 'shop');
    const second = await post('k', 'shop');
    expect(first).toMatchObject({ status: 201 });
    expect(first.headers).not.toHaveProperty('idempotent-replayed');
    expect(second).toMatchObject({
      status: 201,
      body: first.body,
      headers: { location: '/v1/namespaces/shop', etag: '"1"', 'idempotent-replayed': 'true' },
    });
    expect(second.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
    expect(await audits()).toBe(1);
  });

  test('is refused with another request, and belongs to its caller alone', async () => {
    await post('k', 'shop');
    expect(await post('k', 'other')).toMatchObject({ status: 422, body: { code: 'UNPROCESSABLE' } });
    const somebody = { name: 'somebody', roles: { '*': 'operator' } } as const;
    expect(await post('k', 'other', { as: somebody })).toMatchObject({ status: 201 });
  });

  test('of many requests at once makes exactly one change', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('k', 'shop')));
    const statuses = answers.map(({ status }) => status);
    expect(new Set(statuses).difference(new Set([201, 409]))).toEqual(new Set());
    expect(statuses).toContain(201);
    for (const { status, headers } of answers) if (status === 409) expect(headers['retry-after']).toMatch(/^\d+$/);
    expect(await namespaces()).toBe(1);
    expect(await audits()).toBe(1);
    expect(await post('k', 'shop')).toMatchObject({ status: 201 });
  });

  test('of a request that failed is free again', async () => {
    await post('first', 'shop');
    expect(await post('k', 'shop')).toMatchObject({ status: 409 });
    await db.deleteFrom('namespaces').execute();
    expect(await post('k', 'shop')).toMatchObject({ status: 201 });
  });

  test('of a dead request is taken over when its lock is over, and the dead one changes nothing any more', async () => {
    meanwhile = async () => {
      meanwhile = async () => {};
      // It stands still for longer than its lock, and another takes the key over.
      await db.updateTable('idempotency_keys').set({ locked_until: sql<Date>`now(6) - interval 1 second` }).execute();
      await db.updateTable('idempotency_keys').set({ answer: 'the token of another' }).execute();
    };
    expect(await post('k', 'shop')).toMatchObject({ status: 409, headers: { 'retry-after': '1' } });
    expect(await namespaces()).toBe(0);
    expect(await audits()).toBe(0);
    await db.updateTable('idempotency_keys').set({ locked_until: sql<Date>`now(6) - interval 1 second` }).execute();
    expect(await post('k', 'shop')).toMatchObject({ status: 201 });
    expect(await namespaces()).toBe(1);
  });

  test('holds for actions that change nothing too', async () => {
    const look = () =>
      api().call('POST', '/v1/namespaces/actions/look', { body: { name: 'a' }, headers: { 'idempotency-key': 'k' } });
    expect([(await look()).body, (await look()).body]).toEqual([{ looks: 1 }, { looks: 1 }]);
  });

  test('is forgotten after a day, and swept in bounds', async () => {
    await post('k', 'shop');
    await db.updateTable('idempotency_keys').set({ expires_at: sql<Date>`now(6) - interval 1 second` }).execute();
    // Another request may have it now.
    expect(await post('k', 'other')).toMatchObject({ status: 201 });
    for (const key of ['a', 'b', 'c']) await post(key, key);
    await db.updateTable('idempotency_keys').set({ expires_at: sql<Date>`now(6) - interval 1 second` }).execute();
    const left = async () => (await db.selectFrom('idempotency_keys').select('caller').execute()).length;
    let nowMs = 0;
    const sweep = createKeySweep({ everyMs: 1_000, limit: 3, nowMs: () => nowMs });
    const log = { info() {}, warn() {}, error() {} };
    await sweep({ db, log });
    expect(await left()).toBe(4);
    nowMs = 1_000;
    await sweep({ db, log });
    expect(await left()).toBe(1);
    // There were more: it comes back at once.
    await sweep({ db, log });
    expect(await left()).toBe(0);
  });

  test.each(['', 'a b', 'ä', 'x'.repeat(101)])('of a form that is none is refused: %j', async (key) => {
    expect(await post(key, 'shop')).toMatchObject({ status: 400, body: { errors: [{ pointer: 'idempotency-key' }] } });
  });

  test('given twice is refused', async () => {
    const answer = await post('k', 'shop', { headers: { 'idempotency-key': ['k', 'k'] } });
    expect(answer).toMatchObject({ status: 400 });
  });
});
