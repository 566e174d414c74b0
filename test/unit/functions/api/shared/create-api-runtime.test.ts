import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parseApiConfig } from '../../../../../functions/api/shared/config.ts';
import { createApiHandler } from '../../../../../functions/api/shared/create-api-handler.ts';
import { createApiRuntime } from '../../../../../functions/api/shared/create-api-runtime.ts';
import type { ApiHandler } from '../../../../../functions/api/shared/gateway-event.ts';
import { systemRoutes } from '../../../../../functions/api/system/routes.ts';
import { pickFreePort } from '../../../../../infra/local/services/ports.ts';
import {
  createTokenKeys,
  LOCAL_AUDIENCE,
  LOCAL_ISSUER,
  signToken,
} from '../../../../../infra/local/tokens/token-keys.ts';
import { answerOf, eventOf } from '../../../../support/api-harness.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';

let handler: ApiHandler;
let tokenOf: (sub: string, lifetimeS?: number) => Promise<string>;

beforeAll(async () => {
  const folder = temporaryFolder('file');
  const put = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const { privateJwk, jwks } = await createTokenKeys();
  tokenOf = (sub, lifetimeS = 60) => signToken(privateJwk, { sub, groups: [], lifetimeS });
  // Nobody listens there.
  const port = await pickFreePort();
  const config = parseApiConfig({
    DCDB_URL: `mysql://user:hunter2@127.0.0.1:${port}/proxywatch`,
    REDIS_URL: `redis://127.0.0.1:${port}`,
    PROXY_CREDENTIALS_FILE: put('credentials.json', '{}'),
    SECRET_KEY_FILE: put('secret.key', randomBytes(32).toString('base64')),
    JWT_ISSUER: LOCAL_ISSUER,
    JWT_AUDIENCE: LOCAL_AUDIENCE,
    JWT_JWKS_FILE: put('jwks.json', jwks),
    BOOTSTRAP_ADMIN: 'user:root',
  });
  const log = { info() {}, warn() {}, error() {} };
  handler = createApiHandler('system', systemRoutes, () => createApiRuntime(config, log));
});

async function get(path: string, authorization?: string) {
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  const event = eventOf('GET', new URL(`http://api.test${path}`), path, {}, { as: 'nobody', headers });
  return answerOf(await handler(event, { getRemainingTimeInMillis: () => 30_000 }));
}

describe('the API as it runs', () => {
  test('knows the bearer of a token, and the first admin without the DCDB', async () => {
    expect(await get('/v1/me', `Bearer ${await tokenOf('root')}`)).toMatchObject({
      status: 200,
      body: { name: 'root', fleetRole: 'admin' },
    });
  });

  test.each([undefined, 'Bearer x.y.z', 'Basic cm9vdDo='])(
    'refuses %j with the way to authenticate',
    async (authorization) => {
      const answer = await get('/v1/me', authorization);
      expect(answer).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer realm="proxywatch"' } });
    },
  );

  test('refuses a token that is over', async () => {
    expect(await get('/v1/me', `Bearer ${await tokenOf('root', -60)}`)).toMatchObject({
      status: 401,
      body: { detail: 'the token is expired' },
    });
  });

  test('says that the DCDB is away to whose roles are there, and not where it is', async () => {
    const answer = await get('/v1/me', `Bearer ${await tokenOf('ana')}`);
    expect(answer).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      body: { detail: 'dcdb is unavailable' },
    });
    expect(answer.text).not.toMatch(/127\.0|hunter2/);
  });

  test('is there while everything behind it is away', async () => {
    expect(await get('/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await get('/healthz', 'Bearer x.y.z')).toMatchObject({ status: 200 });
    const { body } = await get('/v1/drivers', `Bearer ${await tokenOf('root')}`);
    expect(body.items).toHaveLength(1);
  });

  test('whose configuration is wrong answers without saying what is', async () => {
    const broken = createApiHandler('system', systemRoutes, () =>
      createApiRuntime(parseApiConfig({}), { info() {}, warn() {}, error() {} }),
    );
    const event = eventOf('GET', new URL('http://api.test/healthz'), '/healthz', {}, { as: 'nobody' });
    const answer = answerOf(await broken(event, { getRemainingTimeInMillis: () => 30_000 }));
    expect(answer).toMatchObject({ status: 500, body: { code: 'INTERNAL' } });
    expect(answer.text).not.toContain('DCDB_URL');
  });
});
