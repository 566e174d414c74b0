import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ok } from '../../../../../functions/api/shared/answer.ts';
import { integer, text, uuid } from '../../../../../functions/api/shared/fields.ts';
import { route } from '../../../../../functions/api/shared/route.ts';
import { createTestApi } from '../../../../support/api-harness.ts';

const thing = route({
  module: 'accounts',
  method: 'POST',
  path: '/v1/things/{id}',
  operationId: 'changeThing',
  summary: 'Changes a thing',
  role: 'operator',
  params: z.strictObject({ id: uuid() }),
  body: z.strictObject({ name: text(10, { min: 1 }), size: integer(1, 9).optional() }),
  answers: { 200: { description: 'The thing' } },
  async handle(_deps, { params, body, caller }) {
    return ok({ ...params, ...body, caller: caller.name });
  },
});
const ID = '3f0c8a46-6c0e-4b43-9f5b-3a4f3b6f0d11';
const api = createTestApi([thing]);

describe('a request', () => {
  test('comes to the handler as the schemas make it', async () => {
    const answer = await api.call('POST', `/v1/things/${ID}`, { as: 'operator', body: { name: 'a' } });
    expect(answer).toMatchObject({ status: 200, body: { id: ID, name: 'a', caller: 'test-operator' } });
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.any(String),
    });
  });

  test('without credentials learns nothing, not even what is wrong with it', async () => {
    for (const path of ['/v1/things/junk', '/nowhere']) {
      const answer = await api.call('POST', path, { as: 'nobody', body: '{' });
      expect(answer).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
      expect(answer.headers['www-authenticate']).toBe('Believe');
    }
  });

  test('with a lower role is refused', async () => {
    const answer = await api.call('POST', `/v1/things/${ID}`, { as: 'viewer', body: { name: 'a' } });
    expect(answer).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
  });

  test('is told all that is wrong with it at once, by place', async () => {
    const answer = await api.call('POST', '/v1/things/junk?a=1', { body: { name: '', size: 10, shape: 'round' } });
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID', title: 'Bad request', status: 400 } });
    expect(answer.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '{id}',
      '?a',
      '/name',
      '/size',
      '/shape',
    ]);
  });

  test('for another path or method is told so', async () => {
    expect(await api.call('GET', '/v1/other')).toMatchObject({ status: 404 });
    const answer = await api.call('PUT', `/v1/things/${ID}`);
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  });
});
