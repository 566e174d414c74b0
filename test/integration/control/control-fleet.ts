import { randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDcdb, type Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { migrateDcdb } from '@proxywatch/core/drivers/dcdb/migrate-dcdb';
import { registerProxies } from '@proxywatch/core/drivers/dcdb/proxy-repository';
import { createProxysqlControl } from '@proxywatch/core/drivers/proxysql/control/create-control';
import { createLocalSecretBox } from '@proxywatch/core/drivers/secrets/local-secret-box';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import { operationRoutes } from '../../../functions/api/namespaces/operation-routes.ts';
import { planRoutes } from '../../../functions/api/namespaces/plan-routes.ts';
import type { ControlDeps } from '../../../functions/control/control-deps.ts';
import { createLocalOperationInvoker } from '../../../functions/control/local-operation-invoker.ts';
import { operate } from '../../../functions/control/operate.ts';
import { sweepOperations } from '../../../functions/control/sweep-operations.ts';
import { type LabProxy, startLabProxy } from '../../../infra/local/lab/lab-proxy.ts';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { createTestApi, type TestApi } from '../../support/api-harness.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';
import { type DatabaseState, databaseConfigOf, FAST_TIMES, type Hook, watched } from './doubles.ts';

/** px-1 stands alone, px-2 and px-3 are a cluster. */
export const PROXIES = ['px-1', 'px-2', 'px-3'] as const;
export type ProxyId = (typeof PROXIES)[number];

export interface ControlFleet {
  readonly db: Dcdb;
  readonly api: TestApi;
  readonly deps: ControlDeps;
  readonly keyFile: string;
  /** Of the database configuration service. */
  readonly databases: DatabaseState;
  /** LOADs and SAVEs so far, as `px-1 load users`. */
  readonly commands: string[];
  /** Before a call of a session; may throw. */
  hook: Hook;
  admin(id: ProxyId, sql: string): Promise<RowDataPacket[]>;
  /** Ends a lab proxy, and starts it again from its disk. */
  kill(id: ProxyId): Promise<void>;
  revive(id: ProxyId): Promise<void>;
  /** Wants an account on all proxies. */
  account(username: string, maxConnections?: number, password?: string): Promise<void>;
  variable(name: string, value: string): Promise<void>;
  /** Makes a plan, and applies it; `problem` is the answer when it cannot. */
  apply(plan?: object, strategy?: object): Promise<string>;
  /** Waits for the end of an operation, or until it stops; others do the work. */
  watch(operationId: string, meanwhile?: () => Promise<unknown>): ReturnType<ControlFleet['ended']>;
  /** The same, and has this process look for work. */
  ended(operationId: string): Promise<Awaited<ReturnType<TestApi['call']>>['body']>;
  stop(): Promise<void>;
}

export const FAST = { canary: { groups: 1, pauseMs: 200 }, health: { windowMs: 200 } };

/** Lab proxies and an API before them; whatever the DCDB had of an earlier one is gone. */
export async function startControlFleet(dcdbUrl: string): Promise<ControlFleet> {
  const db = createDcdb(dcdbUrl);
  await migrateDcdb(db);
  await emptyTables(db);
  const labs = new Map<ProxyId, { proxy: LabProxy | undefined; readonly start: () => Promise<LabProxy> }>();
  const ports = new Map<ProxyId, number>();
  for (const id of PROXIES) ports.set(id, await pickFreePort());
  const portOf = (id: ProxyId) => ports.get(id) ?? 0;
  const cluster = [...PROXIES].slice(1);
  for (const id of PROXIES) {
    const dataDir = temporaryFolder('file');
    const peers = cluster.includes(id) ? cluster.map((peer) => ({ host: '127.0.0.1', port: portOf(peer) })) : [];
    const start = () =>
      startLabProxy({
        adminPort: portOf(id),
        dataDir,
        peers,
        backends: {
          users: [{ username: 'theirs', password: 'their-password', default_hostgroup: 10 }],
          servers: [{ hostgroup_id: 30, hostname: '127.0.0.1', port: 3306 }],
          rules: [{ rule_id: 50, active: 1, match_digest: '^DROP', error_msg: 'no', apply: 1 }],
        },
      });
    labs.set(id, { proxy: await start(), start });
  }
  const keyFile = join(temporaryFolder('file'), 'key');
  writeFileSync(keyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
  const databases: DatabaseState = { instances: [], staleSeconds: 0, isDown: false };
  const commands: string[] = [];
  const invoker = createLocalOperationInvoker({
    operate: (request, signal) => operate(deps, request, signal),
    log: { info() {}, warn() {}, error() {} },
  });
  const deps: ControlDeps = {
    db,
    controls: new Map([['proxysql', watched(createProxysqlControl(), commands, (...call) => fleet.hook(...call))]]),
    credentials: { fetchCredential: async () => ({ user: 'admin', password: 'admin' }) },
    databases: databaseConfigOf(databases),
    secrets: createLocalSecretBox({ keyFile }),
    operations: invoker,
    log: { info() {}, warn() {}, error() {} },
    nowMs: () => Date.now(),
    // Nobody dies here, and some tests hold a call up.
    times: { ...FAST_TIMES, leaseMs: 30_000 },
  };
  const fleet: ControlFleet = {
    db,
    deps,
    keyFile,
    databases,
    commands,
    hook: () => {},
    api: createTestApi([...planRoutes, ...operationRoutes], { ...deps } as never),
    async admin(id, sql) {
      const connection = await mysql.createConnection({
        host: '127.0.0.1',
        port: portOf(id),
        user: 'admin',
        password: 'admin',
      });
      try {
        const [rows] = await connection.query<RowDataPacket[]>(sql);
        return rows;
      } finally {
        await connection.end();
      }
    },
    async kill(id) {
      const lab = labs.get(id);
      await lab?.proxy?.stop();
      if (lab !== undefined) lab.proxy = undefined;
    },
    async revive(id) {
      const lab = labs.get(id);
      if (lab !== undefined && lab.proxy === undefined) lab.proxy = await lab.start();
    },
    async account(username, maxConnections = 100, password = '*7C67218EF7410F248763DC99AEDC705367393C4A') {
      await db.deleteFrom('accounts').where('username', '=', username).execute();
      await db
        .insertInto('accounts')
        .values({
          id: randomUUID(),
          namespace: 'shop',
          username,
          plugin: 'mysql_native_password',
          password_hash: Buffer.from(password),
          password_fingerprint: null,
          default_hostgroup: 10,
          default_schema: null,
          max_connections: maxConnections,
          allowed_ips: '[]',
        })
        .execute();
    },
    async variable(name, value) {
      await db.deleteFrom('variable_settings').where('name', '=', name).execute();
      await db
        .insertInto('variable_settings')
        .values({
          id: randomUUID(),
          scope: 'namespace',
          scope_name: 'shop',
          kind: 'proxysql',
          name,
          value,
          created_by: 'test',
        })
        .execute();
    },
    async apply(plan = {}, strategy = FAST) {
      const planned = await fleet.api.call('POST', '/v1/namespaces/shop/actions/plan', { body: plan });
      if (planned.status !== 201) throw new Error(planned.text);
      const applied = await fleet.api.call('POST', `/v1/plans/${planned.body.id}/actions/apply`, { body: strategy });
      if (applied.status !== 202) throw new Error(applied.text);
      return applied.body.id;
    },
    ended: (operationId) => fleet.watch(operationId, () => sweepOperations(deps, AbortSignal.timeout(10_000))),
    async watch(operationId, meanwhile = async () => undefined) {
      let body: Awaited<ReturnType<TestApi['call']>>['body'];
      await until(
        'the operation ends',
        async () => {
          await meanwhile();
          ({ body } = await fleet.api.call('GET', `/v1/operations/${operationId}`));
          return ['succeeded', 'failed', 'rolled-back', 'stopped'].includes(body.state);
        },
        60_000,
      );
      return body;
    },
    async stop() {
      await invoker.stop();
      for (const { proxy } of labs.values()) await proxy?.stop();
      await db.destroy();
    },
  };
  await registerFleet(db, portOf);
  return fleet;
}

const TABLES = [
  'operations',
  'plans',
  'proxy_locks',
  'pre_images',
  'managed_rows',
  'applied_checksums',
  'settings',
  'accounts',
  'variable_settings',
  'server_overrides',
  'audit',
  'proxies',
  'namespaces',
] as const;

async function emptyTables(db: Dcdb): Promise<void> {
  for (const table of TABLES) await db.deleteFrom(table).execute();
}

async function registerFleet(db: Dcdb, portOf: (id: ProxyId) => number): Promise<void> {
  await registerProxies(
    db,
    PROXIES.map((id) => ({
      id,
      kind: 'proxysql',
      namespace: 'shop',
      adminHost: '127.0.0.1',
      adminPort: portOf(id),
      adminTls: false,
      statsCredentialRef: 'stats',
      adminCredentialRef: 'admin',
    })),
  );
  await db.updateTable('proxies').set({ managed: 1 }).execute();
}
