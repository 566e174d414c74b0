import { randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DEFAULT_STRATEGY } from '@proxywatch/core/domain/control/default-strategy';
import { insertOperation } from '@proxywatch/core/drivers/dcdb/control/operation-repository';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import { apiRoutes } from '../../../functions/api/routes.ts';
import type { ApiRuntime } from '../../../functions/api/shared/api-runtime.ts';
import { parseApiConfig } from '../../../functions/api/shared/config.ts';
import { createApiHandler } from '../../../functions/api/shared/create-api-handler.ts';
import { createApiRuntime } from '../../../functions/api/shared/create-api-runtime.ts';
import { createRouteMatcher } from '../../../infra/local/api/match-route.ts';
import { createCatalogue } from '../../../infra/local/dbconfig/catalogue.ts';
import { labClusters } from '../../../infra/local/dbconfig/lab-clusters.ts';
import { type DbconfigServer, startDbconfigServer } from '../../../infra/local/dbconfig/server.ts';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { createTokenKeys, LOCAL_AUDIENCE, LOCAL_ISSUER, signToken } from '../../../infra/local/tokens/token-keys.ts';
import { answerOf, eventOf, type TestAnswer } from '../../support/api-harness.ts';
import { type MigratedDcdb, startMigratedDcdb } from '../../support/migrated-dcdb.ts';
import { type RawServer, startRawServer } from '../../support/raw-server.ts';
import { json, type ScriptedHttp, startScriptedHttp } from '../../support/scripted-http.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

type ServiceName = 'dcdb' | 'redis' | 'skyeye' | 'dbconfig';
type Env = Readonly<Record<string, string>>;
type Call = (method: string, path: string, body?: unknown, as?: string) => Promise<TestAnswer>;

/** Of the Lambda: longer than any one service is waited for. */
const REMAINING_MS = 16_000;
const log = { info() {}, warn() {}, error() {} };

let dcdb: MigratedDcdb;
let redisServer: Service;
let redis: RedisClient;
let dbconfig: DbconfigServer;
let skyeye: ScriptedHttp;
/** Takes connections and never says a word. */
let silent: RawServer;
let closedPort: number;
let common: Env;
let tokenOf: (sub: string) => Promise<string>;
let root: string;
/** By operation: what to ask of what there is. */
let questions: ReadonlyMap<string, string>;
let atFirst: ReadonlyMap<string, TestAnswer>;

beforeAll(async () => {
  [dcdb, redisServer] = await Promise.all([startMigratedDcdb(), startRedis()]);
  redis = createRedis(redisServer.url);
  closedPort = await pickFreePort();
  silent = await startRawServer(() => {});
  dbconfig = await startDbconfigServer({
    catalogue: createCatalogue(labClusters('127.0.0.1', closedPort), Date.now),
    host: '127.0.0.1',
    port: 0,
    log: () => {},
  });
  skyeye = await startScriptedHttp((request, response) => {
    const data = request.url?.includes('alerts') ? { alerts: [] } : { resultType: 'vector', result: [] };
    json({ status: 'success', data })(request, response);
  });
  const folder = temporaryFolder('file');
  const put = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const { privateJwk, jwks } = await createTokenKeys();
  tokenOf = (sub) => signToken(privateJwk, { sub, groups: [], lifetimeS: 3_600 });
  root = await tokenOf('root');
  const login = { user: 'radmin', password: 'radmin' };
  common = {
    PROXY_CREDENTIALS_FILE: put('credentials.json', JSON.stringify({ stats: login, admin: login })),
    SECRET_KEY_FILE: put('secret.key', randomBytes(32).toString('base64')),
    JWT_ISSUER: LOCAL_ISSUER,
    JWT_AUDIENCE: LOCAL_AUDIENCE,
    JWT_JWKS_FILE: put('jwks.json', jwks),
    BOOTSTRAP_ADMIN: 'user:root',
    DCDB_URL: dcdb.server.url,
    REDIS_URL: redisServer.url,
    SKYEYE_URL: skyeye.url,
    DBCONFIG_URL: dbconfig.url,
  };
  await withApi({}, async (call) => {
    questions = await prepare(call);
    atFirst = await askAll(call);
  });
}, 60_000);
afterAll(async () => {
  await Promise.all([silent?.close(), skyeye?.close(), dbconfig?.close(), redis?.close(), dcdb?.stop()]);
  await redisServer?.stop();
});

/** The API with other addresses for some of its services. */
async function withApi(addresses: Env, work: (call: Call) => Promise<void>): Promise<void> {
  const runtime: ApiRuntime = await createApiRuntime(parseApiConfig({ ...common, ...addresses }), log);
  const match = createRouteMatcher(apiRoutes);
  try {
    await work(async (method, path, body, as = root) => {
      const url = new URL(`http://api.test${path}`);
      const found = match(method, url.pathname);
      if (found === undefined) throw new Error(`there is no ${method} ${path}`);
      const handler = createApiHandler(found.route.module, apiRoutes, () => runtime);
      const headers = { authorization: `Bearer ${as}` };
      const event = eventOf(method, url, found.route.path, found.parameters, { as: 'nobody', headers, body });
      return answerOf(await handler(event, { getRemainingTimeInMillis: () => REMAINING_MS }));
    });
  } finally {
    await Promise.all([runtime.deps.db.destroy(), runtime.deps.redis.close()]);
  }
}

/** One of each: what a question about nothing would not get to. */
async function prepare(call: Call): Promise<ReadonlyMap<string, string>> {
  const create = async (path: string, body: object): Promise<string> => {
    const { status, text, body: made } = await call('POST', path, body);
    if (status !== 201) throw new Error(`POST ${path}: ${status} ${text}`);
    return made.id;
  };
  const slices = [{ name: 'main', writerHostgroup: 10, readerHostgroup: 20, cluster: 'shop-main' }];
  await create('/v1/namespaces', { name: 'shop', slices, defaultSlice: 'main' });
  for (const id of ['lab-1', 'lab-2']) {
    await create('/v1/proxies?probe=false', {
      ...{ id, kind: 'proxysql', namespace: 'shop', adminHost: '127.0.0.1', managed: true },
      ...{ adminPort: closedPort + (id === 'lab-1' ? 0 : 1), statsCredentialRef: 'stats', adminCredentialRef: 'admin' },
    });
  }
  const account = await create('/v1/accounts', {
    ...{ namespace: 'shop', username: 'app', password: 'a long secret', defaultHostgroup: 10 },
  });
  const override = await create('/v1/databases/overrides', {
    ...{ namespace: 'shop', host: '127.0.0.1', port: closedPort, hostgroup: 10, kind: 'weight', weight: 5 },
    reason: 'a test',
  });
  const setting = await create('/v1/variables/settings', {
    ...{ scope: 'fleet', name: 'mysql-max_connections', value: 4000, reason: 'a test' },
  });
  const binding = await create('/v1/role-bindings', {
    ...{ subjectKind: 'user', subject: 'olga', role: 'viewer', namespace: 'shop' },
  });
  const rule = await create('/v1/monitoring/alert-rules', { namespace: 'shop', name: 'Down', query: 'up == 0' });
  const plan = await create('/v1/namespaces/shop/actions/plan', {});
  const operation = randomUUID();
  const groups = [{ id: 'lab-1', members: ['lab-1'] }];
  await dcdb.db.transaction().execute((tx) =>
    insertOperation(tx, {
      ...{ id: operation, kind: 'apply', planId: plan, namespace: 'shop', strategy: DEFAULT_STRATEGY, groups },
      ...{ reason: '', createdBy: 'root' },
    }),
  );
  return new Map([
    ['getAccount', `/v1/accounts/${account}`],
    ['getDatabase', '/v1/databases/shop-main'],
    ['listDatabaseInstances', '/v1/databases/shop-main/instances'],
    ['getDatabaseMapping', '/v1/databases/shop-main/mapping'],
    ['listDatabaseServers', '/v1/databases/servers?namespace=shop'],
    ['listOrphanServers', '/v1/databases/orphans?namespace=shop'],
    ['getServerOverride', `/v1/databases/overrides/${override}`],
    ['getProxy', '/v1/proxies/lab-1'],
    ['compareProxies', '/v1/proxies/lab-1/compare?with=lab-2'],
    ['listProxyPeers', '/v1/proxies/lab-1/peers'],
    ['getNamespace', '/v1/namespaces/shop'],
    ['listNamespaceRevisions', '/v1/namespaces/shop/revisions'],
    ['getNamespaceRevision', '/v1/namespaces/shop/revisions/1'],
    ['diffNamespaceRevisions', '/v1/namespaces/shop/revisions/1/diff?to=1'],
    ['fetchNamespaceDrift', '/v1/namespaces/shop/drift'],
    ['getPlan', `/v1/plans/${plan}`],
    ['getOperation', `/v1/operations/${operation}`],
    ['getDigest', '/v1/monitoring/digests/0x247BDD0535885470'],
    ['getLive', '/v1/monitoring/live?proxyId=lab-1'],
    ['getEffectiveMonitoringSettings', '/v1/monitoring/settings/effective?proxyId=lab-1'],
    ['getNamespaceMonitoringSettings', '/v1/monitoring/settings/namespaces/shop'],
    ['getProxyMonitoringSettings', '/v1/monitoring/settings/proxies/lab-1'],
    ['queryMetrics', '/v1/monitoring/metrics?query=up'],
    ['getAlertRule', `/v1/monitoring/alert-rules/${rule}`],
    ['compareVariables', '/v1/variables/actions/compare?proxies=lab-1,lab-2'],
    ['getVariableSetting', `/v1/variables/settings/${setting}`],
    ['getVariable', '/v1/variables/mysql-max_connections?namespace=shop'],
    ['listVariableHistory', '/v1/variables/mysql-max_connections/history'],
    ['getRoleBinding', `/v1/role-bindings/${binding}`],
    ['getDriverCapabilities', '/v1/drivers/proxysql/capabilities'],
    ['getHealth', '/healthz?deep=true'],
  ]);
}

const GETS = apiRoutes.filter(({ method }) => method === 'GET');

async function askAll(call: Call): Promise<ReadonlyMap<string, TestAnswer>> {
  const answers = await Promise.all(
    GETS.map(
      async ({ operationId, path }): Promise<[string, TestAnswer]> => [
        operationId,
        await call('GET', questions.get(operationId) ?? path),
      ],
    ),
  );
  return new Map(answers);
}

/** Those that cannot do without it; of the DCDB those that can. All others answer as ever. */
const REDIS = ['getAccount', 'listDatabaseServers', 'listOrphanServers', 'getScanStatus', 'getGateways'];
const DBCONFIG = ['listDatabases', 'getDatabase', 'listDatabaseInstances', 'getDatabaseMapping', 'listDatabaseChanges'];
const WITHOUT_DCDB = [
  ...['listDatabases', 'getDatabase', 'listDatabaseInstances', 'listDatabaseChanges', 'queryMetrics', 'listAlerts'],
  ...['getHealth', 'getOpenApi', 'getDocs', 'getMe', 'listDrivers', 'getDriverCapabilities'],
];
const NEEDED: Readonly<Record<ServiceName, (operation: string) => boolean>> = {
  dcdb: (operation) => !WITHOUT_DCDB.includes(operation),
  redis: (operation) => REDIS.includes(operation),
  skyeye: (operation) => ['queryMetrics', 'listAlerts'].includes(operation),
  dbconfig: (operation) => [...DBCONFIG, 'listOrphanServers'].includes(operation),
};
/** There is no proxy to be read, and no digest. */
const AT_FIRST = new Map([
  ...['compareProxies', 'listProxyPeers', 'getLive'].map((operation) => [operation, 409] as const),
  ['getDigest', 404],
]);

function addressesOf(service: ServiceName, how: 'refuses' | 'hangs'): Env {
  const address = `127.0.0.1:${how === 'hangs' ? silent.port : closedPort}`;
  const addresses: Readonly<Record<ServiceName, Env>> = {
    dcdb: { DCDB_URL: `mysql://user:password@${address}/proxywatch` },
    redis: { REDIS_URL: `redis://${address}` },
    skyeye: { SKYEYE_URL: `http://${address}` },
    dbconfig: { DBCONFIG_URL: `http://${address}` },
  };
  return addresses[service];
}

test('while all are there every GET answers', () => {
  expect(atFirst.size).toBe(GETS.length);
  for (const [operation, { status }] of atFirst) {
    expect([operation, status]).toEqual([operation, AT_FIRST.get(operation) ?? 200]);
  }
});

describe.each(['dcdb', 'redis', 'skyeye', 'dbconfig'] as const)('while %s', (service) => {
  test.each(['refuses', 'hangs'] as const)(
    '%s every GET answers what it can, or 503 with its name',
    async (how) => {
      // What is remembered of earlier answers is no test of those that are not.
      await redis.call('FLUSHALL', []);
      await withApi(addressesOf(service, how), async (call) => {
        const found = [...(await askAll(call))].map(([operation, { status, body }]) => [
          operation,
          status,
          status === 503 ? body.detail : '',
        ]);
        const expected = [...atFirst].map(([operation, { status }]) =>
          NEEDED[service](operation) ? [operation, 503, `${service} is unavailable`] : [operation, status, ''],
        );
        expect(found).toEqual(expected);
      });
    },
    60_000,
  );
});

test.each(['refuses', 'hangs'] as const)(
  'while the DCDB %s nobody is taken for somebody without a role',
  async (how) => {
    await withApi(addressesOf('dcdb', how), async (call) => {
      const as = await tokenOf('olga');
      for (const path of ['/v1/me', '/v1/databases', '/healthz?deep=true']) {
        expect(await call('GET', path, undefined, as)).toMatchObject({
          status: 503,
          body: { detail: 'dcdb is unavailable' },
        });
      }
      expect(await call('GET', '/healthz', undefined, as)).toMatchObject({ status: 200 });
    });
  },
);
