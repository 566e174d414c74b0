import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { registerProxies } from '@proxywatch/core/drivers/dcdb/proxy-repository';
import type { DatabaseConfig } from '@proxywatch/core/ports/database-config';
import { apiRoutes } from '../../../functions/api/routes.ts';
import type { ApiDeps } from '../../../functions/api/shared/api-deps.ts';
import { parseApiConfig } from '../../../functions/api/shared/config.ts';
import { createApiDeps } from '../../../functions/api/shared/deps.ts';
import type { AnyRoute } from '../../../functions/api/shared/route.ts';
import { createDocument } from '../../../functions/api/system/openapi/document.ts';
import type { Operation, Parameter } from '../../../functions/api/system/openapi/document-types.ts';
import { operateHere } from '../../../functions/control/operate-here.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import { createTestApi, type TestAnswer, type TestApi, type TestCaller } from '../../support/api-harness.ts';
import { valuesOf } from '../../support/json-schema-arbitrary.ts';
import { type MigratedDcdb, startMigratedDcdb } from '../../support/migrated-dcdb.ts';
import { fc } from '../../support/properties.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** Requests of each operation. The same ones each time: what they find can be found again. */
const RUNS = 12;
const SEED = 20_260_131;

let dcdb: MigratedDcdb;
let redis: Awaited<ReturnType<typeof startRedis>>;
let deps: ApiDeps;
let api: TestApi;
const document = createDocument(apiRoutes);

beforeAll(async () => {
  [dcdb, redis] = await Promise.all([startMigratedDcdb(), startRedis()]);
  const folder = temporaryFolder('file');
  const put = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const config = parseApiConfig({
    DCDB_URL: dcdb.server.url,
    REDIS_URL: redis.url,
    API_AUTH: 'iam',
    PROXY_CREDENTIALS_FILE: put('credentials.json', '{"stats":{"user":"u","password":"p"}}'),
    SECRET_KEY_FILE: put('secret.key', randomBytes(32).toString('base64')),
  });
  deps = createApiDeps(config, { info() {}, warn() {}, error() {} }, { operateHere });
  const { log: _, ...parts } = deps;
  api = createTestApi(apiRoutes, { ...parts, databases: DATABASES });
  for (const name of ['shop', 'blog']) await api.call('POST', '/v1/namespaces', { body: { name } });
  const [namespace, adminHost] = ['shop', '127.0.0.1'];
  // Nobody listens there.
  const proxy = { id: 'shop-1', kind: 'proxysql', namespace, adminHost, adminPort: 1, statsCredentialRef: 'stats' };
  await registerProxies(dcdb.db, [{ ...proxy, adminTls: false, adminCredentialRef: 'stats' }]);
});
afterAll(async () => {
  await deps?.db.destroy();
  await deps?.redis.close();
  await Promise.all([dcdb?.stop(), redis?.stop()]);
});

const DATABASES: DatabaseConfig = {
  fetchClusters: async () => ({ value: [], staleSeconds: 7 }),
  fetchCluster: async () => ({ value: undefined, staleSeconds: 0 }),
  fetchInstances: async () => ({ value: [], staleSeconds: 0 }),
  fetchChanges: async () => ({ value: { items: [], cursor: 'c' }, staleSeconds: 0 }),
};

/** What there is to ask for by now, so that not everything is about nothing. */
async function fetchIds(): Promise<readonly string[]> {
  const tables = [
    'accounts',
    'proxies',
    'server_overrides',
    'variable_settings',
    'alert_rules',
    'role_bindings',
    'plans',
  ] as const;
  const rows = await Promise.all(tables.map((table) => dcdb.db.selectFrom(table).select('id').limit(3).execute()));
  return ['shop', 'proxysql', ...rows.flat().map(({ id }) => id)];
}

interface Fuzzed {
  readonly path: string;
  readonly body: unknown;
}

const JUNK = [
  '',
  ' ',
  '\0',
  "' or 1=1 -- ",
  '"',
  '`',
  '\\',
  '%',
  '{}',
  '[]',
  'null',
  '-1',
  '1e309',
  'NaN',
  '\u202e',
  '😀',
  '../..',
  '#{x}',
  '{{x}}',
  'x'.repeat(300),
];
const junk = fc.oneof(
  fc.constantFrom(...JUNK),
  fc.string(),
  fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
);
const junkJson = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom<unknown>(...JUNK, 1e300, -0, [], {}));

interface Asked {
  readonly route: AnyRoute;
  readonly operation: Operation;
  readonly ids: readonly string[];
}

/** A request that its schema takes, and with `spoil` one in which something or everything is something else. */
function requestsOf({ route, operation, ids }: Asked, spoil: boolean): fc.Arbitrary<Fuzzed> {
  const own = operation.parameters.filter((parameter): parameter is Parameter => 'in' in parameter);
  const textsOf = ({ schema, name, in: place }: Parameter): fc.Arbitrary<string> => {
    const known: fc.Arbitrary<unknown> = /namespace/i.test(name)
      ? fc.constantFrom('shop', 'blog', 'none')
      : valuesOf(schema);
    const meant = place === 'path' ? fc.oneof(fc.constantFrom(...ids), known) : known;
    const right = meant.map((value) => (Array.isArray(value) ? value.join(',') : String(value)));
    return spoil ? fc.oneof(right, junk) : right;
  };
  const placed = (place: 'path' | 'query', all: boolean) => {
    const parts = own.filter((parameter) => parameter.in === place);
    return fc.record(Object.fromEntries(parts.map((part) => [part.name, textsOf(part)])), {
      requiredKeys: all
        ? parts.map(({ name }) => name)
        : parts.filter(({ required }) => required).map(({ name }) => name),
    });
  };
  const schema = operation.requestBody?.content['application/json']?.schema;
  const right = schema === undefined ? fc.constant(undefined) : valuesOf(schema);
  const named = right.map((value) => withNamespace(value));
  const body = spoil ? fc.oneof(named, junkJson, named.chain(spoiled)) : named;
  return fc
    .record({ path: placed('path', true), query: placed('query', false), body })
    .map(({ path, query, body: given }) => ({
      path: `${route.path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent((path as Record<string, string>)[name] || 'x'))}?${new URLSearchParams(query as Record<string, string>)}`,
      body: given,
    }));
}

/** Most things are about a namespace that there is. */
function withNamespace(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('namespace' in value)) return value;
  return { ...value, namespace: 'shop' };
}

function spoiled(value: unknown): fc.Arbitrary<unknown> {
  if (typeof value !== 'object' || value === null) return junkJson;
  const keys = [...Object.keys(value), 'unknown'];
  return fc.tuple(fc.constantFrom(...keys), junkJson).map(([key, other]) => ({ ...value, [key]: other }));
}

async function check(route: AnyRoute, operation: Operation, { path, body }: Fuzzed, as: TestCaller): Promise<void> {
  const headers = { ...(route.needsIfMatch === true && { 'if-match': '*' }) };
  const answer = await api.call(route.method, path, { as, headers, ...(body !== undefined && { body }) });
  const told = { request: [route.method, path, body], answer: answer.text.slice(0, 500), log: api.log.at(-1)?.fields };
  expect({ ...told, status: answer.status }).not.toMatchObject({ status: 500 });
  expect({ ...told, documented: Object.keys(operation.responses), status: answer.status }).toMatchObject({
    documented: expect.arrayContaining([String(answer.status)]),
  });
  if (as === 'nobody') expect({ ...told, status: answer.status }).toMatchObject({ status: 401 });
  expect({ ...told, fits: fitOf(route, answer) }).toMatchObject({ fits: true });
}

/** Whether an answer is what the route says of it. */
function fitOf(route: AnyRoute, { status, body, headers }: TestAnswer): unknown {
  if (status >= 400) return headers['content-type'] === 'application/problem+json' && body.status === status;
  const schema = (route.answers[status] ?? route.answers[201] ?? route.answers[202])?.schema;
  return schema === undefined || (schema.safeParse(body).error?.issues ?? true);
}

describe('any request', () => {
  test.each(apiRoutes.map((route) => [`${route.method} ${route.path}`, route] as const))(
    '%s has an answer that is documented, and never one that nobody foresaw',
    async (_name, route) => {
      const operation = document.paths[route.path]![route.method.toLowerCase()]!;
      const asked = { route, operation, ids: await fetchIds() };
      for (const spoil of [false, true]) {
        await fc.assert(
          fc.asyncProperty(requestsOf(asked, spoil), (request) => check(route, operation, request, 'admin')),
          { numRuns: RUNS, seed: SEED, endOnFailure: true },
        );
      }
      const someone: TestCaller = { roles: { shop: 'viewer' } };
      await fc.assert(
        fc.asyncProperty(requestsOf(asked, true), (request) => check(route, operation, request, someone)),
        { numRuns: 3, seed: SEED, endOnFailure: true },
      );
      if (route.role === 'public') return;
      await fc.assert(
        fc.asyncProperty(requestsOf(asked, true), (request) => check(route, operation, request, 'nobody')),
        { numRuns: 3, seed: SEED, endOnFailure: true },
      );
    },
  );
});
