import { describe, expect, test } from '@jest/globals';
import { createCaller } from '@proxywatch/core/domain/access/caller';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { ApiDeps } from '../../../../../functions/api/shared/api-deps.ts';
import type { RoleSource } from '../../../../../functions/api/shared/api-runtime.ts';
import { createApiHandler } from '../../../../../functions/api/shared/create-api-handler.ts';
import { createCursorCodec } from '../../../../../functions/api/shared/cursor.ts';
import { systemRoutes } from '../../../../../functions/api/system/routes.ts';
import { answerOf, eventOf } from '../../../../support/api-harness.ts';

const log = { info() {}, warn() {}, error() {} };

/** Whoever has a token, and roles that are looked up so. */
function callWith(fetchCaller: RoleSource['fetchCaller'], remainingMs = 30_000) {
  const handler = createApiHandler('system', systemRoutes, () => ({
    deps: { log, nowMs: Date.now } as unknown as ApiDeps,
    authenticator: {
      challenge: 'Test',
      async authenticate({ authorization }) {
        if (authorization !== 'good') throw new ProxywatchError('UNAUTHENTICATED', 'a bad token');
        return { name: 'olga', groups: [] };
      },
    },
    roles: { fetchCaller },
    cursors: createCursorCodec(async () => 'the key of a test'),
  }));
  return async (path: string, authorization?: string) => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const event = eventOf('GET', new URL(`http://api.test${path}`), '/healthz', {}, { as: 'nobody', headers });
    return answerOf(await handler(event, { getRemainingTimeInMillis: () => remainingMs }));
  };
}

describe('/healthz', () => {
  test('answers at once whoever asks, while nobody can say what they may do', async () => {
    let asked = 0;
    const call = callWith(() => {
      asked += 1;
      return new Promise(() => {});
    });
    for (const authorization of ['good', 'bad', undefined]) {
      expect(await call('/healthz', authorization)).toMatchObject({ status: 200, body: { status: 'ok' } });
    }
    expect(asked).toBe(0);
  });

  test('with deep is for those who are known', async () => {
    const call = callWith(async (principal) => createCaller(principal, []));
    expect(await call('/healthz?deep=true')).toMatchObject({ status: 401 });
    expect(await call('/healthz?deep=true', 'bad')).toMatchObject({ status: 401 });
    expect(await call('/healthz?deep=true', 'good')).toMatchObject({ status: 403 });
  });

  test('with deep names the DCDB where that cannot say what the caller may do', async () => {
    const call = callWith(() =>
      Promise.reject(new ProxywatchError('STORE_UNAVAILABLE', 'dcdb is unavailable', { service: 'dcdb' })),
    );
    expect(await call('/healthz?deep=true', 'good')).toMatchObject({
      status: 503,
      body: { detail: 'dcdb is unavailable' },
    });
  });
});
