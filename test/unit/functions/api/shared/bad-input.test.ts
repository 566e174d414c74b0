import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ok } from '../../../../../functions/api/shared/answer.ts';
import { identifier, queryFlag, queryInteger, text, timestamp } from '../../../../../functions/api/shared/fields.ts';
import { route } from '../../../../../functions/api/shared/route.ts';
import { createTestApi, type TestCall } from '../../../../support/api-harness.ts';

const item = z.strictObject({ key: text(5), value: z.union([z.strictObject({ from: z.int() }), z.string()]) });
const thing = route({
  module: 'proxies',
  method: 'POST',
  path: '/v1/things/{id}',
  operationId: 'changeThing',
  summary: 'Changes a thing',
  role: 'operator',
  params: z.strictObject({ id: identifier() }),
  query: z.strictObject({
    limit: queryInteger(1, 9).default(5),
    flag: queryFlag().optional(),
    at: timestamp().optional(),
  }),
  body: z.strictObject({ name: text(10).optional(), items: z.array(item).optional(), free: z.unknown().optional() }),
  answers: { 200: { description: 'the thing' } },
  handle: async (_deps, { params, query, body, reason }) => ok({ params, query, body, reason }),
});
const look = route({
  module: 'proxies',
  method: 'GET',
  path: '/v1/things',
  operationId: 'listThings',
  summary: 'Things',
  role: 'viewer',
  answers: { 200: { description: 'things' } },
  handle: async () => ok({}),
});
const api = createTestApi([thing, look]);
const post = (body: unknown, options: TestCall = {}, path = '/v1/things/a') =>
  api.call('POST', path, { body, ...options });
const pointersOf = (answer: { body: { errors?: { pointer: string }[] } }) =>
  answer.body.errors?.map(({ pointer }) => pointer);

describe('a body', () => {
  test.each([
    ['no JSON', '{"name":'],
    ['no JSON at all', 'name=a'],
    ['of no UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22])],
    ['nested deeper than anything that is asked for', `{"free":${'['.repeat(40)}${']'.repeat(40)}}`],
    ['nested so deep that walking it would end the process', '['.repeat(400_000) + ']'.repeat(400_000)],
  ])('that is %s is refused', async (_name, body) => {
    const answer = await post(body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
    expect(pointersOf(answer)).toEqual(['']);
  });

  test.each([
    ['a name that would be obeyed', '{"free":{"__proto__":{"admin":true}}}', ['/free/__proto__']],
    ['U+0000', '{"name":"a\\u0000b"}', ['/name']],
    ['half a character', '{"free":{"a/b":["\\ud800"]}}', ['/free/a~1b/0']],
    ['an unknown field', '{"nome":"a"}', ['/nome']],
    ['unknown fields, several', '{"a~b":1,"constructor":2}', ['/a~0b', '/constructor']],
    ['another type', '{"name":1}', ['/name']],
    [
      'what is wrong within the form that was meant',
      '{"items":[{"key":"k","value":{"from":"x"}}]}',
      ['/items/0/value/from'],
    ],
    ['what fits none of the forms', '{"items":[{"key":"k","value":3}]}', ['/items/0/value']],
    ['what is missing', '{"items":[{}]}', ['/items/0/key', '/items/0/value']],
    ['too long a text', '{"name":"12345678901"}', ['/name']],
    ['control characters', '{"name":"a\\nb"}', ['/name']],
    ['nothing where an object is taken', 'null', ['']],
  ])('with %s is refused, at its place', async (_name, body, pointers) => {
    expect(pointersOf(await post(body))).toEqual(pointers);
  });

  test('is not repeated in what is said about it', async () => {
    const answer = await post({ name: 'hunter2hunter2hunter2', password: 'hunter2' });
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain('hunter2');
  });

  test('has as many bytes as a body may have and not one more, whatever way it comes', async () => {
    const sized = (bytes: number) => `{"free":"${'x'.repeat(bytes - 11)}"}`;
    for (const wrap of [(given: string) => given, (given: string) => Buffer.from(given)]) {
      expect((await post(wrap(sized(1_048_576)))).status).toBe(200);
      expect(await post(wrap(sized(1_048_577)))).toMatchObject({ status: 413, body: { code: 'REQUEST_TOO_LARGE' } });
    }
    expect(await post(Buffer.alloc(9_000_000, 32))).toMatchObject({ status: 413 });
  });

  test('counts characters and not their halves', async () => {
    expect((await post({ name: '😀'.repeat(10) })).status).toBe(200);
    expect((await post({ name: '😀'.repeat(11) })).status).toBe(400);
  });

  test.each([
    '',
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=latin1',
    'application/jsonp',
    'multipart/form-data; boundary=json',
  ])('of the type %j is refused', async (type) => {
    const answer = await post('{}', { headers: { 'content-type': type } });
    expect(answer).toMatchObject({ status: 415, body: { code: 'MEDIA_TYPE_UNSUPPORTED' } });
  });

  test.each(['application/json', 'Application/JSON; charset=UTF-8', 'application/json;charset="utf-8"'])(
    'of the type %j is taken',
    async (type) => {
      expect((await post('{}', { headers: { 'content-type': type } })).status).toBe(200);
    },
  );

  test('where none is taken is refused', async () => {
    expect(pointersOf(await api.call('GET', '/v1/things', { body: {} }))).toEqual(['']);
  });

  test('that is missing where one is needed is named', async () => {
    expect(await post(undefined)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '', message: 'missing, expected object' }] },
    });
  });
});

describe('a query', () => {
  test.each([
    ['limit=0', ['?limit']],
    ['limit=10', ['?limit']],
    ['limit=1e1', ['?limit']],
    ['limit=%201', ['?limit']],
    ['limit=99999999999999999999', ['?limit']],
    ['limit=1&limit=2', ['?limit']],
    ['flag=1', ['?flag']],
    ['flag=', ['?flag']],
    ['at=2026-02-30T00:00:00Z', ['?at']],
    ['at=2026-01-01', ['?at']],
    ['at=2038-01-19T03:14:08Z', ['?at']],
    ['at=1970-01-01T00:00:00Z', ['?at']],
    ['Limit=3', ['?Limit']],
    ['a=1&b=2', ['?a', '?b']],
    ['__proto__=1', ['?__proto__']],
    ['limit=%00', ['?']],
  ])('%s is refused by name', async (query, pointers) => {
    expect(pointersOf(await post({}, {}, `/v1/things/a?${query}`))).toEqual(pointers);
  });

  test('comes to the handler as what it stands for', async () => {
    const answer = await post({}, {}, '/v1/things/a?flag=true&at=2026-01-31T12:00:00%2B02:00');
    expect(answer.body.query).toEqual({ limit: 5, flag: true, at: '2026-01-31T10:00:00.000Z' });
  });
});

describe('a path', () => {
  test.each([
    ['%zz', '{id}'],
    ['%', '{id}'],
    ['%e4', '{id}'],
    ['%00', '{id}'],
    ['a%2fb', '{id}'],
    ['.hidden', '{id}'],
    ['x'.repeat(129), '{id}'],
    ["'%20or%201=1", '{id}'],
  ])('with %s is refused', async (id, pointer) => {
    expect(pointersOf(await post({}, {}, `/v1/things/${id}`))).toEqual([pointer]);
  });

  test('may have an id that is escaped', async () => {
    expect((await post({}, {}, '/v1/things/a%40b')).body.params).toEqual({ id: 'a@b' });
  });
});

describe('headers', () => {
  test.each(['content-type', 'idempotency-key', 'if-match', 'x-reason'])(
    '%s that comes twice is refused',
    async (name) => {
      const value = name === 'content-type' ? 'application/json' : 'a';
      expect(pointersOf(await post({}, { headers: { [name]: [value, value] } }))).toEqual([name]);
    },
  );

  test('that say twice who it is are nobody', async () => {
    expect(await post({}, { headers: { authorization: ['a', 'b'] } })).toMatchObject({ status: 401 });
  });

  test('are found however their names are written', async () => {
    expect((await post({}, { headers: { 'X-REASON': 'because' } })).body.reason).toBe('because');
  });

  test.each([
    ['100% sure', '100% sure'],
    ['%E5%9B%A0%E4%B8%BA', '因为'],
    ['a%0ab', 'a%0ab'],
    ['', ''],
  ])('x-reason %j means %j', async (given, meant) => {
    expect((await post({}, { headers: { 'x-reason': given } })).body.reason).toBe(meant);
  });

  test('x-reason has an end', async () => {
    expect(pointersOf(await post({}, { headers: { 'x-reason': 'x'.repeat(1_001) } }))).toEqual(['x-reason']);
  });
});
