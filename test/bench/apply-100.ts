/**
 * An account for 100 lab proxies, each a sync group of its own: the real engine over the real admin protocol and a real DCDB,
 * 20 groups at once against one after another, with the health window that operators have by default. One after another is
 * measured on 20 of the proxies and counted five times: all of them would take ten minutes.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { operationRoutes } from '../../functions/api/namespaces/operation-routes.ts';
import { planRoutes } from '../../functions/api/namespaces/plan-routes.ts';
import type { ControlDeps } from '../../functions/control/control-deps.ts';
import { createLocalOperationInvoker } from '../../functions/control/local-operation-invoker.ts';
import { operate } from '../../functions/control/operate.ts';
import { startMariadb } from '../../infra/local/services/mariadb.ts';
import { createDcdb, type Dcdb } from '../../layers/core/src/drivers/dcdb/create-dcdb.ts';
import { migrateDcdb } from '../../layers/core/src/drivers/dcdb/migrate-dcdb.ts';
import { registerProxies } from '../../layers/core/src/drivers/dcdb/proxy-repository.ts';
import { createProxysqlControl } from '../../layers/core/src/drivers/proxysql/control/create-control.ts';
import { createLocalSecretBox } from '../../layers/core/src/drivers/secrets/local-secret-box.ts';
import type { ProxyControl } from '../../layers/core/src/ports/proxy-control.ts';
import { createTestApi, type TestApi } from '../support/api-harness.ts';
import { startLab } from './harness/lab.ts';
import { type BenchResult, compare } from './harness/result.ts';

const PROXIES = 100;
const PARALLEL = 20;
const ONE_BY_ONE = 20;
const END_TIMEOUT_MS = 300_000;
const SILENT = { info() {}, warn() {}, error() {} };
const PASSWORD_HASH = '*7C67218EF7410F248763DC99AEDC705367393C4A';

export async function apply100(): Promise<BenchResult[]> {
  const server = await startMariadb();
  const folder = mkdtempSync(join(tmpdir(), 'apply-100-'));
  const lab = await startLab(PROXIES, 1);
  const db = createDcdb(server.url);
  const commands = new Map<string, number>();
  const invoker = createLocalOperationInvoker({
    operate: (request, signal) => operate(deps, request, signal),
    log: SILENT,
  });
  const keyFile = join(folder, 'key');
  writeFileSync(keyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
  const deps: ControlDeps = {
    db,
    controls: new Map([['proxysql', counting(createProxysqlControl(), commands)]]),
    credentials: { fetchCredential: async () => ({ user: 'admin', password: 'admin' }) },
    databases: { fetchClusters: none, fetchCluster: none, fetchInstances: none, fetchChanges: none },
    secrets: createLocalSecretBox({ keyFile }),
    operations: invoker,
    log: SILENT,
    nowMs: () => Date.now(),
  };
  try {
    await migrateDcdb(db);
    const ids = await register(db, lab.ports);
    const api = createTestApi([...planRoutes, ...operationRoutes], { ...deps } as never);
    await want(db, 'first');
    const oneByOneMs =
      (await applied(api, { modules: ['users'], proxies: ids.slice(0, ONE_BY_ONE) }, 1)) * (PROXIES / ONE_BY_ONE);
    requireOnce(commands, ONE_BY_ONE);
    commands.clear();
    await want(db, 'second');
    const parallelMs = await applied(api, { modules: ['users'] }, PARALLEL);
    requireOnce(commands, PROXIES);
    console.table([{ proxies: PROXIES, parallel: PARALLEL, parallelMs, oneByOneMs, ...Object.fromEntries(commands) }]);
    return [compare('apply-100', parallelMs / 1_000, oneByOneMs / 1_000, 's')];
  } finally {
    await invoker.stop();
    await lab.stop();
    await db.destroy();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Plans and applies; resolves to how long the operation took, milliseconds. */
async function applied(api: TestApi, plan: object, parallelism: number): Promise<number> {
  const planned = await api.call('POST', '/v1/namespaces/bench/actions/plan', { as: 'admin', body: plan });
  if (planned.status !== 201 || planned.body.refusals.length > 0) throw new Error(planned.text);
  const startMs = performance.now();
  const strategy = { canary: { groups: 0, pauseMs: 0 }, parallelism };
  const path = `/v1/plans/${planned.body.id}/actions/apply`;
  const { status, body, text } = await api.call('POST', path, { as: 'admin', body: strategy });
  if (status !== 202) throw new Error(text);
  while (performance.now() - startMs < END_TIMEOUT_MS) {
    await delay(100);
    const { body: operation } = await api.call('GET', `/v1/operations/${body.id}`);
    if (operation.state === 'succeeded') return performance.now() - startMs;
    if (operation.endedAt !== null) throw new Error(`${operation.state}: ${operation.problem}`);
  }
  throw new Error('the operation did not end');
}

async function register(db: Dcdb, ports: readonly number[]): Promise<readonly string[]> {
  const proxies = ports.map((adminPort, i) => ({
    id: `px-${String(i).padStart(3, '0')}`,
    kind: 'proxysql',
    namespace: 'bench',
    adminHost: '127.0.0.1',
    adminPort,
    adminTls: false,
    statsCredentialRef: 'stats',
    adminCredentialRef: 'admin',
  }));
  await registerProxies(db, proxies);
  await db.updateTable('proxies').set({ managed: 1 }).execute();
  return proxies.map(({ id }) => id);
}

async function want(db: Dcdb, username: string): Promise<void> {
  await db
    .insertInto('accounts')
    .values({
      id: randomUUID(),
      namespace: 'bench',
      username,
      plugin: 'mysql_native_password',
      password_hash: Buffer.from(PASSWORD_HASH),
      password_fingerprint: null,
      default_hostgroup: 0,
      default_schema: null,
      allowed_ips: '[]',
    })
    .execute();
}

/** Counts what is loaded and saved. */
function counting(control: ProxyControl, commands: Map<string, number>): ProxyControl {
  const count = (command: string) => commands.set(command, (commands.get(command) ?? 0) + 1);
  return {
    ...control,
    async connect(proxy, credential, options) {
      const session = await control.connect(proxy, credential, options);
      return Object.assign(Object.create(session), {
        load(module: 'users', signal?: AbortSignal) {
          count(`load ${module}`);
          return session.load(module, signal);
        },
        save(module: 'users', signal?: AbortSignal) {
          count(`save ${module}`);
          return session.save(module, signal);
        },
      });
    },
  };
}

function requireOnce(commands: ReadonlyMap<string, number>, proxies: number): void {
  const all = JSON.stringify([...commands].toSorted());
  const wanted = JSON.stringify([
    ['load users', proxies],
    ['save users', proxies],
  ]);
  if (all !== wanted) throw new Error(`each proxy loads and saves its users once, found ${all}`);
}

async function none(): Promise<never> {
  throw new Error('nobody asks for servers here');
}
