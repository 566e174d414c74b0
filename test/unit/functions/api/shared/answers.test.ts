import { describe, expect, test } from '@jest/globals';
import { type ErrorCode, ProxywatchError } from '@proxywatch/core/domain/errors';
import { z } from 'zod';
import { noContent, ok, okRevised } from '../../../../../functions/api/shared/answer.ts';
import { requireRevision } from '../../../../../functions/api/shared/conditions.ts';
import { type AnyRoute, route } from '../../../../../functions/api/shared/route.ts';
import { createTestApi } from '../../../../support/api-harness.ts';

const common = { module: 'proxies', path: '/v1/thing', summary: 'A thing', role: 'viewer', answers: {} } as const;

function failing(error: unknown): AnyRoute {
  const handle = async () => {
    throw error;
  };
  return route({ ...common, method: 'GET', operationId: 'getThing', handle });
}
const answerTo = (error: unknown) => createTestApi([failing(error)]).call('GET', '/v1/thing');

describe('an error', () => {
  test.each<[ErrorCode, number]>([
    ['REQUEST_INVALID', 400],
    ['UNAUTHENTICATED', 401],
    ['FORBIDDEN', 403],
    ['NOT_FOUND', 404],
    ['METHOD_NOT_ALLOWED', 405],
    ['CONFLICT', 409],
    ['PROXY_UNREACHABLE', 409],
    ['PROXY_TIMEOUT', 409],
    ['PROXY_ACCESS_DENIED', 409],
    ['PROXY_PROTOCOL', 409],
    ['PROXY_BUSY', 409],
    ['PROXY_STATEMENT', 409],
    ['PROXY_UNSUPPORTED', 409],
    ['CREDENTIAL_MISSING', 409],
    ['STALE', 412],
    ['REQUEST_TOO_LARGE', 413],
    ['MEDIA_TYPE_UNSUPPORTED', 415],
    ['UNPROCESSABLE', 422],
    ['PRECONDITION_MISSING', 428],
    ['TOO_MANY_REQUESTS', 429],
    ['SERVICE_REFUSED', 502],
    ['STORE_UNAVAILABLE', 503],
    ['SERVICE_UNREACHABLE', 503],
    ['INVOKE_FAILED', 503],
    ['INVOKE_THROTTLED', 503],
    ['CANCELLED', 503],
  ])('%s is answered with %i as a problem', async (code, status) => {
    const answer = await answerTo(new ProxywatchError(code, 'because of something', { service: 'dcdb' }));
    expect(answer).toMatchObject({
      status,
      headers: { 'content-type': 'application/problem+json' },
      body: {
        type: `urn:proxywatch:problem:${code.toLowerCase().replaceAll('_', '-')}`,
        status,
        code,
        requestId: answer.headers['x-request-id'],
      },
    });
    if (status === 503 || status === 429) expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });

  test.each<[ErrorCode]>([
    ['STORE_UNAVAILABLE'],
    ['SERVICE_UNREACHABLE'],
    ['SERVICE_REFUSED'],
    ['PROXY_UNREACHABLE'],
    ['CREDENTIAL_MISSING'],
    ['RECORD_DAMAGED'],
    ['CONFIG_INVALID'],
    ['INTERNAL'],
  ])('%s tells nobody where our hosts and files are', async (code) => {
    const answer = await answerTo(
      new ProxywatchError(code, 'dbhost.internal:3306 said: select secret from /etc/file', { service: 'dcdb' }),
    );
    // Names that no request id can have in its hexadecimal digits.
    expect(answer.text).not.toMatch(/dbhost|internal:|secret|etc/);
  });

  test('of a service says which', async () => {
    const answer = await answerTo(new ProxywatchError('SERVICE_UNREACHABLE', 'x', { service: 'skyeye' }));
    expect(answer.body.detail).toBe('skyeye is unavailable');
  });

  test('that nobody foresaw is told to the log alone', async () => {
    const api = createTestApi([failing(new TypeError('cannot read secret of undefined'))]);
    const answer = await api.call('GET', '/v1/thing');
    expect(answer).toMatchObject({ status: 500, body: { code: 'INTERNAL' } });
    expect(answer.text).not.toContain('secret');
    expect(api.log).toMatchObject([
      {
        level: 'error',
        fields: { status: 500, problem: 'cannot read secret of undefined', at: expect.stringContaining('at ') },
      },
    ]);
  });

  test('of a statement is not logged with its values', async () => {
    const error = Object.assign(new Error("near 'hunter2'"), {
      code: 'ER_PARSE_ERROR',
      errno: 1064,
      sqlState: '42000',
    });
    const api = createTestApi([failing(error)]);
    expect(await api.call('GET', '/v1/thing')).toMatchObject({ status: 500 });
    expect(JSON.stringify(api.log)).not.toContain('hunter2');
    expect(api.log).toMatchObject([{ fields: { problem: 'ER_PARSE_ERROR' } }]);
  });

  test.each([undefined, null, 'text', 7])('that is no error at all is one of ours: %j', async (thrown) => {
    expect(await answerTo(thrown)).toMatchObject({ status: 500 });
  });
});

describe('the log', () => {
  test('has one line for a request, without what it carried', async () => {
    const echo = route({
      ...common,
      method: 'POST',
      operationId: 'echo',
      body: z.unknown(),
      query: z.looseObject({}),
      handle: async () => ok({ secret: 'hunter2' }),
    });
    const api = createTestApi([echo]);
    const answer = await api.call('POST', '/v1/thing?token=hunter2', {
      as: 'viewer',
      body: { password: 'hunter2' },
      headers: { cookie: 'hunter2' },
    });
    expect(answer.status).toBe(200);
    expect(api.log).toEqual([
      {
        level: 'info',
        event: 'request',
        fields: {
          requestId: answer.headers['x-request-id'],
          method: 'POST',
          route: '/v1/thing',
          operation: 'echo',
          status: 200,
          durationMs: expect.any(Number),
          caller: 'test-viewer',
        },
      },
    ]);
  });
});

describe('a resource', () => {
  const read = route({
    ...common,
    method: 'GET',
    operationId: 'getThing',
    handle: async () => okRevised({ revision: 3 }),
  });
  const remove = route({
    ...common,
    method: 'DELETE',
    operationId: 'deleteThing',
    needsIfMatch: true,
    async handle(_deps, { ifMatch }) {
      requireRevision(ifMatch, 3);
      return noContent();
    },
  });
  const api = createTestApi([read, remove]);

  test('is not sent again to who has it', async () => {
    for (const tag of ['"3"', 'W/"3"', '"1", "3"', '*']) {
      const answer = await api.call('GET', '/v1/thing', { headers: { 'if-none-match': tag } });
      expect(answer).toMatchObject({ status: 304, text: '', headers: { etag: '"3"' } });
    }
    expect(await api.call('GET', '/v1/thing', { headers: { 'if-none-match': '"2"' } })).toMatchObject({ status: 200 });
  });

  test.each([
    ['"3"', 204],
    ['*', 204],
    ['"2"', 412],
    ['"03"', 204],
    [undefined, 428],
    ['', 428],
    ['3', 400],
    ['W/"3"', 400],
    ['"3", "4"', 400],
    ['"three"', 400],
    ['"99999999999999999999"', 400],
  ])('is deleted by who knows its revision: %s is %i', async (tag, status) => {
    const answer = await api.call('DELETE', '/v1/thing', tag === undefined ? {} : { headers: { 'if-match': tag } });
    expect(answer.status).toBe(status);
  });

  test('that is too large for one answer is not cut', async () => {
    const large = route({
      ...common,
      method: 'GET',
      operationId: 'getThing',
      handle: async () => ok('x'.repeat(5_000_000)),
    });
    expect(await createTestApi([large]).call('GET', '/v1/thing')).toMatchObject({
      status: 422,
      body: { code: 'UNPROCESSABLE' },
    });
  });
});

describe('the time of a request', () => {
  const waiting = (service: string | undefined): AnyRoute =>
    route({
      ...common,
      method: 'GET',
      operationId: 'getThing',
      // One that does not even look at the signal.
      handle: (deps) => (service === undefined ? new Promise(() => {}) : deps.skyeye.fetchAlerts().then(ok)),
    });

  test('ends before that of the Lambda, with an answer', async () => {
    const answer = await createTestApi([waiting(undefined)]).call('GET', '/v1/thing', { remainingMs: 1_010 });
    expect(answer).toMatchObject({ status: 503, body: { code: 'CANCELLED', detail: 'a service is unavailable' } });
  });

  test('ends with the name of what was waited for', async () => {
    const { awaiting } = await import('../../../../../functions/api/shared/awaited-services.ts');
    const hanging = {
      query: () => new Promise<never>(() => {}),
      queryRange: () => new Promise<never>(() => {}),
      fetchAlerts: () => new Promise<never>(() => {}),
    };
    const api = createTestApi([waiting('skyeye')], { skyeye: awaiting('skyeye', hanging) });
    const answer = await api.call('GET', '/v1/thing', { remainingMs: 1_010 });
    expect(answer).toMatchObject({ status: 503, body: { detail: 'skyeye is unavailable' } });
  });
});
