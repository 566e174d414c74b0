import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { apiRoutes } from '../../../functions/api/routes.ts';
import type { GatewayResult } from '../../../functions/api/shared/gateway-event.ts';
import { API_MODULES } from '../../../functions/api/shared/route.ts';
import { createDocument } from '../../../functions/api/system/openapi/document.ts';
import { packSystem } from '../../../infra/aws/packages/pack-system.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import { createTokenKeys, LOCAL_AUDIENCE, LOCAL_ISSUER, signToken } from '../../../infra/local/tokens/token-keys.ts';
import { type LambdaSandbox, unpackLambda } from '../../support/lambda-sandbox.ts';
import { type MigratedDcdb, startMigratedDcdb } from '../../support/migrated-dcdb.ts';
import { type RestApiCall, restApiEvent } from '../../support/rest-api-event.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

type Service = Awaited<ReturnType<typeof startRedis>>;

const ADMIN_ROLE = 'arn:aws:iam::123456789012:role/proxywatch-dev-admin';
/** As API Gateway tells who took the role. */
const ADMIN = 'arn:aws:sts::123456789012:assumed-role/proxywatch-dev-admin/ana';
const GUEST = 'arn:aws:sts::123456789012:assumed-role/guest/eve';

let dcdb: MigratedDcdb;
let redis: Service;
let lambda: LambdaSandbox;
let folder: string;
beforeAll(async () => {
  folder = temporaryFolder('file');
  [dcdb, redis] = await Promise.all([startMigratedDcdb(), startRedis()]);
  const { functions, layers } = await packSystem(join(folder, 'packed'));
  lambda = unpackLambda(join(folder, 'lambda'), {
    functions: Object.fromEntries([...functions.values()].map(({ name, path }) => [name, path])),
    layers: Object.values(layers),
  });
});
afterAll(() => Promise.all([dcdb?.stop(), redis?.stop()]));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text, { mode: 0o600 });
  return join(folder, name);
}

const environment = () => ({
  AWS_REGION: 'eu-central-1',
  AWS_LAMBDA_FUNCTION_NAME: 'proxywatch-dev-api',
  DCDB_URL: dcdb.server.url,
  REDIS_URL: redis.url,
  OPERATE_FUNCTION: 'proxywatch-dev-control-operate',
  PROXY_CREDENTIALS_FILE: file('credentials.json', '{}'),
  SECRET_KEY_FILE: file('secret.key', randomBytes(32).toString('base64')),
  API_AUTH: 'iam',
  BOOTSTRAP_ADMIN: `user:${ADMIN_ROLE}`,
});

/** Requests to a function, one after the other in one process. */
async function call(
  module: string,
  calls: readonly RestApiCall[],
  env: Readonly<Record<string, string>> = environment(),
) {
  const { outcomes, loaded, stdout } = await lambda.invoke(`api-${module}`, calls.map(restApiEvent), env);
  expect(loaded.filter((path) => path.startsWith('..'))).toEqual([]);
  expect(stdout).not.toMatch(/hunter2|"level":"error"/);
  return (outcomes as readonly GatewayResult[]).map(({ statusCode, headers, body }) => ({
    status: statusCode,
    headers,
    text: body,
    body: /json/.test(headers['content-type'] ?? '') ? JSON.parse(body) : undefined,
  }));
}

const get = (resource: string, rest: Partial<RestApiCall> = {}): RestApiCall => ({
  method: 'GET',
  resource,
  userArn: ADMIN,
  ...rest,
});

const LISTS: readonly (readonly [module: string, call: RestApiCall])[] = [
  ['accounts', get('/v1/accounts')],
  ['databases', get('/v1/databases/overrides')],
  ['proxies', get('/v1/proxies', { query: { limit: '5', 'filter[namespace]': 'shop' } })],
  ['namespaces', get('/v1/namespaces')],
  ['monitoring', get('/v1/monitoring/alert-rules')],
  ['variables', get('/v1/variables/settings')],
  ['system', get('/v1/role-bindings')],
];

describe('packed functions of the API, unpacked as on Lambda', () => {
  test.each(LISTS)('%s lists what the DCDB has', async (module, request) => {
    const [answer] = await call(module, [request]);
    expect(answer).toMatchObject({ status: 200, body: { items: [], nextCursor: null } });
  });

  test('are all asked for something here', () => {
    expect(LISTS.map(([module]) => module)).toEqual(API_MODULES);
  });

  test('change things, and audit who did', async () => {
    const [made, found, missing] = await call('namespaces', [
      { method: 'POST', resource: '/v1/namespaces', userArn: ADMIN, body: { name: 'packed' } },
      get('/v1/namespaces/{id}', { path: '/v1/namespaces/packed' }),
      get('/v1/namespaces/{id}', { path: '/v1/namespaces/nothing' }),
    ]);
    expect(made).toMatchObject({ status: 201, headers: { location: '/live/v1/namespaces/packed', etag: '"1"' } });
    expect(found).toMatchObject({ status: 200, body: { name: 'packed' } });
    expect(missing).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    const [audit] = await call('system', [get('/v1/audit', { query: { 'filter[resourceId]': 'packed' } })]);
    expect(audit?.body.items).toMatchObject([{ action: 'create', actor: ADMIN_ROLE, sourceAddress: '192.0.2.7' }]);
  });

  test('keep their one connection and what they know for the next request', async () => {
    const answers = await call('proxies', [get('/v1/proxies'), get('/v1/proxies'), get('/v1/proxies')]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});

describe('who calls', () => {
  test('is the role whose session API Gateway checked', async () => {
    const [admin, guest, nobody] = await call('system', [
      get('/v1/me'),
      get('/v1/me', { userArn: GUEST }),
      { method: 'GET', resource: '/v1/me' },
    ]);
    expect(admin).toMatchObject({ status: 200, body: { name: ADMIN_ROLE, fleetRole: 'admin' } });
    expect(guest).toMatchObject({ status: 403, body: { detail: expect.stringContaining('role/guest') } });
    expect(nobody).toMatchObject({ status: 401, headers: { 'www-authenticate': 'AWS4-HMAC-SHA256' } });
  });

  test('is who a token says, and nobody without one', async () => {
    const { privateJwk, jwks } = await createTokenKeys();
    const { BOOTSTRAP_ADMIN: _, API_AUTH: __, ...others } = environment();
    const env = {
      ...others,
      JWT_ISSUER: LOCAL_ISSUER,
      JWT_AUDIENCE: LOCAL_AUDIENCE,
      JWT_JWKS_FILE: file('jwks.json', jwks),
      BOOTSTRAP_ADMIN: 'group:dba',
    };
    const token = await signToken(privateJwk, { sub: 'ana', groups: ['dba'], lifetimeS: 60 });
    const [nobody, believed, ana] = await call(
      'accounts',
      [
        { method: 'GET', resource: '/v1/accounts' },
        // A signature says nothing where tokens do.
        get('/v1/accounts'),
        { method: 'GET', resource: '/v1/accounts', headers: { Authorization: `Bearer ${token}` } },
      ],
      env,
    );
    expect(nobody).toMatchObject({
      status: 401,
      headers: { 'content-type': 'application/problem+json', 'www-authenticate': 'Bearer realm="proxywatch"' },
      body: { code: 'UNAUTHENTICATED' },
    });
    expect(believed).toMatchObject({ status: 401 });
    expect(ana).toMatchObject({ status: 200 });
  });
});

describe('what the packed system tells of the whole API', () => {
  test('is the document of all routes, as it would be made from them', async () => {
    const [answer, page] = await call('system', [
      { method: 'GET', resource: '/openapi.json' },
      { method: 'GET', resource: '/docs' },
    ]);
    expect(answer?.body).toEqual(JSON.parse(JSON.stringify(createDocument(apiRoutes))));
    expect(page?.headers['content-type']).toBe('text/html; charset=utf-8');
    for (const { operationId } of apiRoutes) expect(page?.text).toContain(`id="${operationId}"`);
  });

  test('is what paths take that are not its own, and which there are not', async () => {
    const [unknown, other] = await call('system', [
      get('/{proxy+}', { path: '/v1/nothing/at/all' }),
      get('/{proxy+}', { path: '/v1/accounts/7', method: 'PUT' }),
    ]);
    expect(unknown).toMatchObject({ status: 404, body: { code: 'NOT_FOUND', detail: 'there is no such path' } });
    expect(other).toMatchObject({ status: 405, headers: { allow: 'DELETE, GET, PATCH' } });
  });
});

test('a method that a path does not take is refused by the module of the path', async () => {
  const [answer] = await call('accounts', [get('/v1/accounts/{id}', { path: '/v1/accounts/7', method: 'PUT' })]);
  expect(answer).toMatchObject({ status: 405, headers: { allow: 'DELETE, GET, PATCH' } });
});
