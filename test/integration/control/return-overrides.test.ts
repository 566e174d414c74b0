import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DEFAULT_STRATEGY } from '@proxywatch/core/domain/control/default-strategy';
import { updateServerOverride } from '@proxywatch/core/drivers/dcdb/servers/server-override-writes';
import type { DatabaseInstance } from '@proxywatch/core/ports/database-config';
import { returnOverrides } from '../../../functions/control/return-overrides.ts';
import { sweepOperations } from '../../../functions/control/sweep-operations.ts';
import { type MariadbService, startMariadb } from '../../../infra/local/services/mariadb.ts';
import { until } from '../../support/until.ts';
import { type ControlFleet, FAST, PROXIES, type ProxyId, startControlFleet } from './control-fleet.ts';

let server: MariadbService;
let fleet: ControlFleet;
beforeAll(async () => {
  server = await startMariadb();
});
afterAll(() => server?.stop());
beforeEach(async () => {
  fleet = await startControlFleet(server.url);
  fleet.databases.instances = [instance('db-1', 'writer'), instance('db-2', 'reader'), instance('db-3', 'reader')];
  const slices = [{ name: 'main', writerHostgroup: 10, readerHostgroup: 20, cluster: 'shop' }];
  await fleet.db
    .updateTable('namespaces')
    .set({ spec: JSON.stringify({ slices }) })
    .execute();
});
afterEach(() => fleet?.stop());

const instance = (host: string, role: 'writer' | 'reader'): DatabaseInstance => ({
  id: host,
  host,
  port: 3306,
  role,
  weight: 100,
  zone: 'a',
  maxConnections: 100,
  maxReplicationLag: 0,
  useSsl: false,
  status: 'online',
});

async function override(fields: { host?: string; kind?: string; weight?: number | null; expiresAt?: Date | null }) {
  const { host = 'db-2', kind = 'weight', weight = 5, expiresAt = null } = fields;
  const id = randomUUID();
  const row = { id, namespace: 'shop', host, port: 3306, hostgroup: 20, kind, weight, reason: 'warming up' };
  await fleet.db
    .insertInto('server_overrides')
    .values({ ...row, expires_at: expiresAt, created_by: 'op' })
    .execute();
  return id;
}
const endNow = (id: string) =>
  fleet.db
    .updateTable('server_overrides')
    .set({ expires_at: new Date(Date.now() - 1_000), return_tried_at: null })
    .where('id', '=', id)
    .execute();
const kept = (id: string) =>
  fleet.db.selectFrom('server_overrides').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
async function weight(id: ProxyId, host = 'db-2'): Promise<number> {
  const sql = `SELECT weight FROM runtime_mysql_servers WHERE hostgroup_id = 20 AND hostname = '${host}'`;
  const [row] = await fleet.admin(id, sql);
  return Number(row?.weight);
}
const weights = () => Promise.all(PROXIES.map((id) => weight(id)));
const audited = async () =>
  (await fleet.db.selectFrom('audit').select(['action', 'resource_id']).where('actor', '=', 'system').execute()).map(
    ({ action }) => action,
  );
const servers = async () => (await fleet.ended(await fleet.apply({ modules: ['servers'] }))).state;
const sweep = () => sweepOperations(fleet.deps, AbortSignal.timeout(30_000));
/** Without the pauses of the default. */
const QUICK = { ...DEFAULT_STRATEGY, canary: FAST.canary, health: { ...DEFAULT_STRATEGY.health, ...FAST.health } };
const returnNow = (deps = fleet.deps) => returnOverrides(deps, AbortSignal.timeout(30_000), QUICK);

describe('a server override', () => {
  test('of a weight for two seconds is returned on all proxies by sweeps alone', async () => {
    const id = await override({});
    expect(await servers()).toBe('succeeded');
    expect(await weights()).toEqual([5, 5, 5]);
    const end = new Date(Date.now() + 2_000);
    await fleet.db.updateTable('server_overrides').set({ expires_at: end }).execute();
    await until(
      'the weight is as before',
      async () => {
        await sweep();
        return (await kept(id)).returned_at !== null;
      },
      100_000,
    );
    expect(await weights()).toEqual([100, 100, 100]);
    expect(await kept(id)).toMatchObject({ return_problem: null, revision: 1 });
    expect(await audited()).toEqual(['return', 'returned']);
    const [operation] = await fleet.db
      .selectFrom('operations')
      .select(['state', 'created_by', 'reason'])
      .where('created_by', '=', 'system')
      .execute();
    expect(operation).toEqual({
      state: 'succeeded',
      created_by: 'system',
      reason: 'ran out: weight of db-2:3306 in hostgroup 20',
    });
  });

  test('that holds still, or was never on a proxy, makes no operation', async () => {
    await override({ expiresAt: new Date(Date.now() + 3_600_000) });
    expect(await servers()).toBe('succeeded');
    const never = await override({ host: 'db-3' });
    await endNow(never);
    expect(await returnNow()).toBe(0);
    expect((await kept(never)).returned_at).not.toBeNull();
    await fleet.db
      .transaction()
      .execute((tx) => updateServerOverride(tx, never, { expiresAt: new Date(Date.now() + 3_600_000) }));
    expect(await kept(never)).toMatchObject({ returned_at: null, return_tried_at: null, return_operation: null });
    expect(await weights()).toEqual([5, 5, 5]);
  });

  test('is returned once by several sweeps at once', async () => {
    const id = await override({});
    await servers();
    await endNow(id);
    const begun = await Promise.all([1, 2, 3].map(() => returnNow()));
    expect(begun.toSorted()).toEqual([0, 0, 1]);
    await fleet.ended((await kept(id)).return_operation ?? '');
    expect(await weights()).toEqual([100, 100, 100]);
  });

  test('is returned by the next sweep when one died: over the plan, or before it told anybody', async () => {
    const id = await override({});
    await servers();
    await endNow(id);
    // What a death leaves: claimed, and nothing else.
    await fleet.db.updateTable('server_overrides').set({ return_tried_at: new Date() }).execute();
    expect(await returnNow()).toBe(0);
    await fleet.db
      .updateTable('server_overrides')
      .set({ return_tried_at: new Date(Date.now() - 60_000) })
      .execute();
    const deaf = { ...fleet.deps, operations: { invoke: async () => {} } };
    expect(await returnNow(deaf)).toBe(1);
    const { state } = await fleet.ended((await kept(id)).return_operation ?? '');
    expect(state).toBe('succeeded');
    expect(await weights()).toEqual([100, 100, 100]);
  });

  test('gives way to who changes it meanwhile: with a new end it holds again', async () => {
    const id = await override({});
    await servers();
    await endNow(id);
    const deps = {
      ...fleet.deps,
      databases: {
        ...fleet.deps.databases,
        fetchInstances: async (...given: Parameters<typeof fleet.deps.databases.fetchInstances>) => {
          const later = new Date(Date.now() + 3_600_000);
          await fleet.db.updateTable('server_overrides').set({ expires_at: later, revision: 2 }).execute();
          return fleet.deps.databases.fetchInstances(...given);
        },
      },
    };
    expect(await returnNow(deps)).toBe(0);
    expect(await kept(id)).toMatchObject({ returned_at: null, return_operation: null });
    expect(await weights()).toEqual([5, 5, 5]);
  });
});

describe('an override that runs out while an operation is under way', () => {
  const due = () => fleet.db.updateTable('server_overrides').set({ return_tried_at: null }).execute();

  test('that is about to write it is returned after that, not taken for returned before', async () => {
    expect(await servers()).toBe('succeeded');
    const id = await override({});
    const begun: number[] = [];
    fleet.hook = async (proxy, call, detail) => {
      if (proxy !== 'px-1' || call !== 'write' || detail === 'done') return;
      // The guard has passed, and the proxies are as they shall be without the override.
      await endNow(id);
      begun.push(await returnNow());
    };
    // Alone in its operation: the others would be refused by their guards.
    const operation = await fleet.apply({ modules: ['servers'], proxies: ['px-1'] });
    expect((await fleet.ended(operation)).state).toBe('succeeded');
    fleet.hook = () => {};
    expect(begun).toEqual([0]);
    expect(await kept(id)).toMatchObject({
      returned_at: null,
      return_problem: `px-1 is being changed by operation ${operation}`,
    });
    expect(await weight('px-1')).toBe(5);
    await due();
    expect(await returnNow()).toBe(1);
    await fleet.ended((await kept(id)).return_operation ?? '');
    await sweep();
    expect(await kept(id)).toMatchObject({ returned_at: expect.any(Date), return_problem: null });
    expect(await weights()).toEqual([100, 100, 100]);
  });

  test('that applies it has groups refused whose guards come later, all go back, and it is returned', async () => {
    expect(await servers()).toBe('succeeded');
    const id = await override({});
    fleet.hook = async (proxy, call, detail) => {
      if (proxy === 'px-1' && call === 'write' && detail === 'done') await endNow(id);
    };
    const { state, problem } = await fleet.ended(await fleet.apply({ modules: ['servers'] }));
    fleet.hook = () => {};
    expect([state, problem]).toEqual(['rolled-back', expect.stringContaining('something else is wanted by now')]);
    await due();
    await returnNow();
    expect(await kept(id)).toMatchObject({ returned_at: expect.any(Date), return_problem: null });
    expect(await weights()).toEqual([100, 100, 100]);
  });

  test('that returns another one goes back, and both are returned together', async () => {
    const first = await override({});
    const second = await override({ host: 'db-3', weight: 7 });
    expect(await servers()).toBe('succeeded');
    await endNow(first);
    fleet.hook = async (proxy, call, detail) => {
      if (proxy !== 'px-1' || call !== 'write' || detail !== 'done') return;
      await fleet.db.updateTable('server_overrides').set({ expires_at: new Date() }).where('id', '=', second).execute();
    };
    expect(await returnNow()).toBe(1);
    const operation = (await kept(first)).return_operation ?? '';
    expect((await fleet.ended(operation)).state).toBe('rolled-back');
    fleet.hook = () => {};
    // Of two that ran out one is due, and brings the other along, which was tried a moment ago.
    const tried = { return_tried_at: new Date() };
    await fleet.db.updateTable('server_overrides').set(tried).where('id', '=', second).execute();
    await returnNow();
    expect(await kept(first)).toMatchObject({ returned_at: null, return_operation: null });
    await fleet.db.updateTable('server_overrides').set({ return_tried_at: null }).where('id', '=', first).execute();
    expect(await returnNow()).toBe(1);
    await fleet.ended((await kept(first)).return_operation ?? '');
    await sweep();
    for (const id of [first, second]) {
      expect(await kept(id)).toMatchObject({ returned_at: expect.any(Date), return_problem: null });
    }
    expect(await weights()).toEqual([100, 100, 100]);
    expect(await Promise.all(PROXIES.map((id) => weight(id, 'db-3')))).toEqual([100, 100, 100]);
  });
});

describe('what stands in the way of a return is noted, once, and nothing is written', () => {
  async function refused(id: string): Promise<string | null> {
    const before = fleet.commands.length;
    for (let i = 0; i < 2; i++) {
      await fleet.db.updateTable('server_overrides').set({ return_tried_at: null }).execute();
      expect(await returnNow()).toBe(0);
    }
    expect(fleet.commands).toHaveLength(before);
    expect(await audited()).toEqual(['return-refused']);
    expect((await kept(id)).returned_at).toBeNull();
    return (await kept(id)).return_problem;
  }

  test('a plan that would change more than what ran out; when that was applied, all is well', async () => {
    const id = await override({});
    await servers();
    fleet.databases.instances = [...fleet.databases.instances, instance('db-4', 'reader')];
    await endNow(id);
    expect(await refused(id)).toMatch(/^a plan would change more than what ran out, apply one: .*db-4/);
    expect(await servers()).toBe('succeeded');
    await fleet.db.updateTable('server_overrides').set({ return_tried_at: null }).execute();
    await returnNow();
    expect(await kept(id)).toMatchObject({ returned_at: expect.any(Date), return_problem: null });
    expect(await weights()).toEqual([100, 100, 100]);
  });

  test('a service that cannot be asked', async () => {
    const id = await override({});
    await servers();
    await endNow(id);
    fleet.databases.isDown = true;
    expect(await refused(id)).toContain('the plan is refused: the database configuration service cannot be asked');
  });

  test('an edit of somebody in the memory of a proxy', async () => {
    const id = await override({});
    await servers();
    await endNow(id);
    await fleet.admin('px-1', "INSERT INTO mysql_servers (hostgroup_id, hostname, port) VALUES (20, 'edited', 3306)");
    expect(await refused(id)).toMatch(/^the plan is refused: .*edited/);
  });

  test('writes that are switched off', async () => {
    const id = await override({});
    await servers();
    await endNow(id);
    const value = '{"enabled":false,"reason":"incident"}';
    await fleet.db.insertInto('settings').values({ name: 'writes', value }).execute();
    expect(await refused(id)).toBe('writes are switched off: incident');
  });
});

test('an operation that puts the proxies back instead is told, and not tried again by itself', async () => {
  const id = await override({});
  await servers();
  await endNow(id);
  fleet.hook = (proxy, call) => {
    if (proxy === 'px-1' && call === 'save') throw new Error('no space left');
  };
  expect(await returnNow()).toBe(1);
  const operation = (await kept(id)).return_operation ?? '';
  expect((await fleet.ended(operation)).state).toBe('rolled-back');
  fleet.hook = () => {};
  await sweep();
  expect(await kept(id)).toMatchObject({
    returned_at: expect.any(Date),
    return_problem: expect.stringContaining(`operation ${operation} rolled-back: `),
  });
  expect(await weights()).toEqual([5, 5, 5]);
  expect(await audited()).toEqual(['return', 'return-failed']);
});
