import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type MariadbService, startMariadb } from '../../../infra/local/services/mariadb.ts';
import { type ControlFleet, PROXIES, startControlFleet } from './control-fleet.ts';

const PROGRAM = fileURLToPath(new URL('./operate-and-die.ts', import.meta.url));

let server: MariadbService;
let fleet: ControlFleet;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  server = await startMariadb();
  fleet = await startControlFleet(server.url);
});
afterEach(async () => {
  for (const child of children) await end(child);
});
afterAll(async () => {
  await fleet?.stop();
  await server?.stop();
});

function start(dieAt = ''): ChildProcess {
  const env = { ...process.env, NODE_OPTIONS: '', DCDB_URL: server.url, KEY_FILE: fleet.keyFile, DIE_AT: dieAt };
  const child = fork(PROGRAM, { env, execArgv: ['--disable-warning=ExperimentalWarning'] });
  children.add(child);
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

let limit = 100;

test.each([
  'px-1 write ',
  'px-1 write done',
  'px-2 load users',
  'px-2 load users done',
  'px-1 fetchHealth',
  'px-1 save users',
  'px-2 save users done',
])('a process that is killed at "%s" is followed by one that ends the operation', async (dieAt) => {
  limit += 1;
  await fleet.account('app', limit);
  const planned = await fleet.api.call('POST', '/v1/namespaces/shop/actions/plan', { body: {} });
  expect(planned.body.refusals).toEqual([]);
  // Begun by an API whose own work is taken away from it at once.
  const doomed = start(dieAt);
  const exited = once(doomed, 'exit');
  const invoke = fleet.deps.operations.invoke;
  fleet.deps.operations.invoke = async () => {};
  const applied = await fleet.api.call('POST', `/v1/plans/${planned.body.id}/actions/apply`, {
    body: { canary: { groups: 0 }, health: { windowMs: 100 } },
  });
  fleet.deps.operations.invoke = invoke;
  expect(applied.status).toBe(202);
  expect(await exited).toEqual([null, 'SIGKILL']);
  start();
  const operation = await fleet.watch(applied.body.id);
  expect([operation.state, operation.problem]).toEqual(['succeeded', null]);
  for (const id of PROXIES) {
    for (const layer of ['runtime_', 'disk.']) {
      const rows = await fleet.admin(
        id,
        `SELECT DISTINCT max_connections FROM ${layer}mysql_users WHERE username='app'`,
      );
      expect(rows).toEqual([{ max_connections: String(limit) }]);
    }
  }
});
