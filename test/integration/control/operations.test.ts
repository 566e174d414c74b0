import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
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
});
afterEach(() => fleet.stop());

const TABLES = ['mysql_users', 'global_variables', 'mysql_servers', 'mysql_query_rules'];

/** All layers of a proxy, as its own tables show them; halves of users that a pull made are one user. */
async function layersOf(id: ProxyId): Promise<string> {
  const rows = [];
  for (const table of TABLES.flatMap((name) => [name, `runtime_${name}`, `disk.${name}`])) {
    const found = await fleet.admin(id, `SELECT * FROM ${table}`);
    const texts = found.map(({ frontend: _, backend: __, ...row }) => JSON.stringify(row));
    rows.push([table, [...new Set(texts)].toSorted()]);
  }
  return JSON.stringify(rows, null, 1);
}

const allLayers = () => Promise.all(PROXIES.map(layersOf));

async function users(id: ProxyId, layer = 'runtime_'): Promise<readonly string[]> {
  const rows = await fleet.admin(id, `SELECT DISTINCT username FROM ${layer}mysql_users ORDER BY username`);
  return rows.map(({ username }) => username);
}

async function variable(id: ProxyId, name: string, layer = 'runtime_'): Promise<string> {
  const [row] = await fleet.admin(
    id,
    `SELECT variable_value FROM ${layer}global_variables WHERE variable_name='${name}'`,
  );
  return row?.variable_value;
}

describe('a plan that is applied', () => {
  test('is in all layers of all proxies, with one LOAD and one SAVE for each group and module', async () => {
    await fleet.account('app');
    await fleet.variable('mysql-max_connections', '4096');
    const operation = await fleet.ended(await fleet.apply());
    expect(operation.problem).toBeNull();
    expect(operation.state).toBe('succeeded');
    for (const id of PROXIES) {
      for (const layer of ['runtime_', 'disk.']) {
        await until('a peer has saved what it pulled', async () => (await users(id, layer)).includes('app'));
        expect(await users(id, layer)).toEqual(['app', 'theirs']);
        expect(await variable(id, 'mysql-max_connections', layer)).toBe('4096');
      }
    }
    expect(fleet.commands.toSorted()).toEqual(
      ['px-1', 'px-2'].flatMap((id) =>
        ['load', 'save'].flatMap((verb) => ['users', 'variables'].map((module) => `${id} ${verb} ${module}`)),
      ),
    );
    const again = await fleet.api.call('POST', '/v1/namespaces/shop/actions/plan', { body: {} });
    expect(
      again.body.groups.flatMap((group: { proxies: { changes: unknown[] }[] }) =>
        group.proxies.flatMap(({ changes }) => changes),
      ),
    ).toEqual([]);
  });

  test('and rolled back later leaves all proxies as they were', async () => {
    const before = await allLayers();
    await fleet.account('app');
    await fleet.variable('mysql-max_connections', '4096');
    const id = await fleet.apply();
    await fleet.ended(id);
    const { status, body } = await fleet.api.call('POST', `/v1/operations/${id}/actions/rollback`, {
      body: { reason: 'no good' },
    });
    expect([status, body.kind, body.ofOperation]).toEqual([202, 'rollback', id]);
    const operation = await fleet.ended(body.id);
    expect(operation.problem).toBeNull();
    expect(operation.state).toBe('succeeded');
    await until('peers have saved what they pulled', async () => (await users('px-3', 'disk.')).length === 1);
    expect(await allLayers()).toEqual(before);
    expect(
      await fleet.db.selectFrom('managed_rows').select('row_key').where('config_table', '=', 'users').execute(),
    ).toEqual([]);
  });

  test('and rolled back after another one leaves managed what the other one wrote', async () => {
    await fleet.account('app');
    const first = await fleet.apply({ modules: ['users'] });
    expect((await fleet.ended(first)).state).toBe('succeeded');
    fleet.databases.instances = [instance(3306, 'writer'), instance(3307, 'reader')];
    await fleet.db
      .updateTable('namespaces')
      .set({ spec: JSON.stringify(specOf('orders-db')) })
      .execute();
    expect((await fleet.ended(await fleet.apply({ modules: ['servers'] }))).state).toBe('succeeded');
    const managed = () =>
      fleet.db
        .selectFrom('managed_rows')
        .select(['proxy_id', 'config_table'])
        .distinct()
        .where('config_table', 'in', ['users', 'servers'])
        .where('proxy_id', '=', 'px-1')
        .execute();
    expect(await managed()).toHaveLength(2);
    const { body } = await fleet.api.call('POST', `/v1/operations/${first}/actions/rollback`, { body: {} });
    expect((await fleet.ended(body.id)).state).toBe('succeeded');
    expect(await users('px-1')).toEqual(['theirs']);
    expect(await managed()).toEqual([{ proxy_id: 'px-1', config_table: 'servers' }]);
  });

  test("is not rolled back on a proxy that is another namespace's by now, or not managed any more", async () => {
    await fleet.account('app');
    const id = await fleet.apply();
    expect((await fleet.ended(id)).state).toBe('succeeded');
    await fleet.db.insertInto('namespaces').values({ name: 'crm', spec: '{}', tags: '[]' }).execute();
    await fleet.db.updateTable('proxies').set({ namespace: 'crm' }).where('id', '=', 'px-1').execute();
    await fleet.db.updateTable('proxies').set({ managed: 0 }).where('id', '=', 'px-3').execute();
    const { body } = await fleet.api.call('POST', `/v1/operations/${id}/actions/rollback`, { body: {} });
    const operation = await fleet.ended(body.id);
    expect(operation.groups.map(({ problem }: { problem: string }) => problem)).toEqual([
      'px-1 is not a managed proxy of shop any more',
      'px-3 is not a managed proxy of shop any more',
    ]);
    for (const proxy of PROXIES) expect(await users(proxy)).toEqual(['app', 'theirs']);
  });

  test('is refused by the guard of a group that another proxy has joined since it was planned', async () => {
    await fleet.account('app');
    const plan = await fleet.api.call('POST', '/v1/namespaces/shop/actions/plan', { body: {} });
    const port = await fleet.db.selectFrom('proxies').select('admin_port').where('id', '=', 'px-2').executeTakeFirst();
    await fleet.admin(
      'px-1',
      `INSERT INTO proxysql_servers (hostname, port) VALUES ('127.0.0.1', ${port?.admin_port ?? 0})`,
    );
    await fleet.admin('px-1', 'LOAD PROXYSQL SERVERS TO RUNTIME');
    const applied = await fleet.api.call('POST', `/v1/plans/${plan.body.id}/actions/apply`, { body: FAST });
    expect([applied.status, applied.body.detail]).toEqual([409, 'px-1 pulls the same configuration as px-2 by now']);
    expect(fleet.commands).toEqual([]);
  });

  test('and fails on the second group leaves all proxies as they were, and says so', async () => {
    const before = await allLayers();
    await fleet.account('app');
    fleet.hook = (proxy, call) => {
      if (proxy === 'px-2' && call === 'fetchHealth' && fleet.commands.includes('px-2 load users')) {
        throw new ProxywatchError('PROXY_PROTOCOL', 'px-2 answers nonsense');
      }
    };
    const operation = await fleet.ended(await fleet.apply());
    expect(operation.state).toBe('rolled-back');
    expect(operation.problem).toBe('px-2: px-2 answers nonsense; as before: px-1, px-2, px-3');
    expect(await allLayers()).toEqual(before);
  });

  test('says which variable the proxy silently refused, and puts it back', async () => {
    const before = await allLayers();
    // In range for the catalogue or not: the proxy itself is the judge.
    await fleet.variable('mysql-max_connections', '99999999');
    const operation = await fleet.ended(await fleet.apply());
    expect(operation.state).toBe('rolled-back');
    expect(operation.problem).toContain('mysql-max_connections');
    expect(await allLayers()).toEqual(before);
  });

  test('is refused by the guard where somebody edits the proxy meanwhile', async () => {
    await fleet.account('app');
    const { body: plan } = await fleet.api.call('POST', '/v1/namespaces/shop/actions/plan', { body: {} });
    await fleet.admin('px-1', "INSERT INTO mysql_users (username, password) VALUES ('half-done', 'x')");
    const { status, body } = await fleet.api.call('POST', `/v1/plans/${plan.id}/actions/apply`, { body: FAST });
    expect([status, body.code]).toEqual([409, 'CONFLICT']);
    const { body: refused } = await fleet.api.call('POST', '/v1/namespaces/shop/actions/plan', { body: {} });
    expect(refused.refusals).toEqual([
      expect.objectContaining({
        code: 'LOAD_BRINGS_MORE',
        override: 'acceptLoads',
        message: expect.stringContaining('user half-done is in memory, not in runtime'),
      }),
    ]);
  });

  test('puts the others back when a proxy dies, and the dead one when it is back', async () => {
    const before = await allLayers();
    await fleet.account('app');
    fleet.hook = async (proxy, call, detail) => {
      if (proxy === 'px-2' && call === 'load' && detail.endsWith('done')) await fleet.kill('px-2');
    };
    const id = await fleet.apply();
    const operation = await fleet.ended(id);
    expect(operation.state).toBe('failed');
    expect(operation.problem).toContain('could not be put back: px-2');
    expect(await layersOf('px-1')).toBe(before[0]);
    fleet.hook = () => {};
    await fleet.revive('px-2');
    const again = await fleet.api.call('POST', `/v1/operations/${id}/actions/rollback`, { body: {} });
    expect(again.status).toBe(202);
    const { state } = await fleet.ended(id);
    expect(state).toBe('rolled-back');
    await until('peers agree', async () => (await users('px-3', 'disk.')).length === 1);
    expect(await allLayers()).toEqual(before);
  });

  test("and whose dead proxy was given up is not taken up again: that proxy is anybody's by now", async () => {
    await fleet.account('app');
    fleet.hook = async (proxy, call, detail) => {
      if (proxy === 'px-2' && call === 'load' && detail.endsWith('done')) await fleet.kill('px-2');
    };
    const id = await fleet.apply();
    expect((await fleet.ended(id)).state).toBe('failed');
    fleet.hook = () => {};
    await fleet.revive('px-2');
    const act = (action: string) => fleet.api.call('POST', `/v1/operations/${id}/actions/${action}`, { body: {} });
    expect((await act('cancel')).status).toBe(202);
    const again = await act('rollback');
    expect([again.status, again.body.detail]).toEqual([
      409,
      'this cannot be done: px-2 was given up and is not locked any more',
    ]);
    expect((await fleet.api.call('GET', `/v1/operations/${id}`)).body.state).toBe('failed');
  });

  test('stops when writes are switched off, and goes on when it is told to', async () => {
    await fleet.account('app');
    fleet.hook = async (_, call, detail) => {
      if (call !== 'write' || detail !== 'done') return;
      await fleet.db
        .insertInto('settings')
        .ignore()
        .values({ name: 'writes', value: '{"enabled":false,"reason":"incident"}' })
        .execute();
    };
    const id = await fleet.apply();
    const stopped = await fleet.ended(id);
    expect([stopped.state, stopped.problem]).toEqual(['stopped', 'writes are switched off: incident']);
    expect(fleet.commands).toEqual([]);
    fleet.hook = () => {};
    await fleet.db.deleteFrom('settings').execute();
    await fleet.api.call('POST', `/v1/operations/${id}/actions/resume`, { body: {} });
    expect((await fleet.ended(id)).state).toBe('succeeded');
    expect(await users('px-3')).toEqual(['app', 'theirs']);
  });
});

describe('a cluster peer', () => {
  test('that has the change pulled back has all proxies go back', async () => {
    await fleet.account('app');
    // px-3 is not to follow px-2 in users, and px-2 not px-3 in that.
    await fleet.admin('px-2', "SET admin-cluster_admin_variables_diffs_before_sync='0'");
    await fleet.admin('px-2', 'LOAD ADMIN VARIABLES TO RUNTIME');
    await fleet.admin('px-3', "SET admin-cluster_admin_variables_diffs_before_sync='0'");
    await fleet.admin('px-3', "SET admin-cluster_mysql_users_diffs_before_sync='0'");
    await fleet.admin('px-3', 'LOAD ADMIN VARIABLES TO RUNTIME');
    const epochOf = async (id: ProxyId) => {
      const [row] = await fleet.admin(id, "SELECT epoch FROM runtime_checksums_values WHERE name='mysql_users'");
      return Number(row?.epoch);
    };
    let isDone = false;
    fleet.hook = async (proxy, call, detail) => {
      if (proxy !== 'px-2' || call !== 'load' || !detail.endsWith('done') || isDone) return;
      isDone = true;
      // What was loaded later wins, by the second, if it is anything new.
      const own = await epochOf('px-2');
      let limit = 77;
      await until('the other node is ahead', async () => {
        limit += 1;
        await fleet.admin('px-3', `UPDATE mysql_users SET max_connections=${limit} WHERE username='theirs'`);
        await fleet.admin('px-3', 'LOAD MYSQL USERS TO RUNTIME');
        return (await epochOf('px-3')) > own;
      });
      await until('the change is pulled back', async () => !(await users('px-2')).includes('app'));
    };
    const operation = await fleet.ended(await fleet.apply({ modules: ['users'] }));
    expect(operation.problem).toContain('px-2: not taken, or pulled back');
    for (const id of PROXIES) expect(await users(id)).toEqual(['theirs']);
  });
});

describe('servers', () => {
  test('are those of the database configuration service, and rows of others stay', async () => {
    await fleet.db
      .updateTable('namespaces')
      .set({ spec: JSON.stringify(specOf('orders-db')) })
      .execute();
    fleet.databases.instances = [instance(3306, 'writer'), instance(3307, 'reader')];
    const operation = await fleet.ended(await fleet.apply({ modules: ['servers'] }));
    expect([operation.state, operation.problem]).toEqual(['succeeded', null]);
    for (const id of PROXIES) {
      const rows = await fleet.admin(id, 'SELECT hostgroup_id, port FROM runtime_mysql_servers ORDER BY 1, 2');
      expect(rows.map(({ hostgroup_id, port }) => [hostgroup_id, port])).toEqual([
        ['10', '3306'],
        ['20', '3307'],
        ['30', '3306'],
      ]);
    }
    fleet.databases.instances = [];
    const { body } = await fleet.api.call('POST', '/v1/namespaces/shop/actions/plan', {
      body: { modules: ['servers'] },
    });
    expect(body.refusals).toEqual([expect.objectContaining({ code: 'DATABASE_CONFIG', override: 'allowMassDelete' })]);
  });
});

describe('a caller', () => {
  test('of another namespace sees neither plan nor operation, and a viewer changes nothing', async () => {
    await fleet.account('app');
    const id = await fleet.apply();
    const { planId } = await fleet.ended(id);
    const stranger = { as: { roles: { crm: 'admin' } } } as const;
    for (const path of [`/v1/operations/${id}`, `/v1/plans/${planId}`, '/v1/namespaces/shop/drift']) {
      expect((await fleet.api.call('GET', path, stranger)).status).toBe(404);
    }
    for (const path of ['/v1/operations', '/v1/plans']) {
      expect((await fleet.api.call('GET', path, stranger)).body.items).toEqual([]);
      expect((await fleet.api.call('GET', path, { as: 'viewer' })).body.items).toHaveLength(1);
    }
    for (const action of ['rollback', 'cancel', 'resume']) {
      expect(
        (await fleet.api.call('POST', `/v1/operations/${id}/actions/${action}`, { as: 'viewer', body: {} })).status,
      ).toBe(403);
    }
    const resumed = await fleet.api.call('POST', `/v1/operations/${id}/actions/resume`, { body: {} });
    expect([resumed.status, resumed.body.detail]).toEqual([409, 'this cannot be done: it is succeeded, not stopped']);
  });
});

describe('an operation that is cancelled', () => {
  test('during the pause of its canary takes that back, leaves out the others, and lets go of the proxies', async () => {
    const before = await allLayers();
    await fleet.account('app');
    const id = await fleet.apply({}, { canary: { groups: 1, pauseMs: 3_600_000 }, health: { windowMs: 0 } });
    const get = () => fleet.api.call('GET', `/v1/operations/${id}`);
    await until('the canary rests', async () => (await get()).body.groups[0].pauseUntil !== null);
    expect(await users('px-1')).toEqual(['app', 'theirs']);
    const { status } = await fleet.api.call('POST', `/v1/operations/${id}/actions/cancel`, {
      body: { reason: 'too late in the day' },
    });
    expect(status).toBe(202);
    const operation = await fleet.ended(id);
    expect([operation.state, operation.groups.map(({ state }: { state: string }) => state)]).toEqual([
      'rolled-back',
      ['rolled-back', 'skipped'],
    ]);
    expect(await allLayers()).toEqual(before);
    expect(await fleet.db.selectFrom('proxy_locks').select('proxy_id').execute()).toEqual([]);
  });
});

describe('two operators', () => {
  test('at once: one gets the proxies, the other a 409', async () => {
    await fleet.account('app');
    const plans = [];
    for (let i = 0; i < 2; i += 1)
      plans.push((await fleet.api.call('POST', '/v1/namespaces/shop/actions/plan', { body: {} })).body.id);
    const answers = await Promise.all(
      plans.map((id) => fleet.api.call('POST', `/v1/plans/${id}/actions/apply`, { body: FAST })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([202, 409]);
    await fleet.ended(answers.find(({ status }) => status === 202)?.body.id);
  });
});

describe('a plan', () => {
  test('leaves rows of others alone, and refuses to take one over that is in the way', async () => {
    await fleet.account('theirs');
    const { body } = await fleet.api.call('POST', '/v1/namespaces/shop/actions/plan', { body: { modules: ['users'] } });
    expect(body.refusals.map(({ code, override }: { code: string; override: string }) => [code, override])).toEqual([
      ['CONFLICTING_ROW', 'adopt'],
      ['CONFLICTING_ROW', 'adopt'],
    ]);
    const applied = await fleet.api.call('POST', `/v1/plans/${body.id}/actions/apply`, { body: {} });
    expect(applied.status).toBe(422);
    expect((await fleet.ended(await fleet.apply({ modules: ['users'], adopt: true }))).state).toBe('succeeded');
  });

  test('that would empty a table needs allowMassDelete and an admin', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await fleet.account(name);
    await fleet.ended(await fleet.apply());
    await fleet.db.deleteFrom('accounts').execute();
    const { body } = await fleet.api.call('POST', '/v1/namespaces/shop/actions/plan', { body: {} });
    expect(body.refusals[0]).toMatchObject({
      code: 'MASS_DELETE',
      override: 'allowMassDelete',
      message: '4 of 5 rows of users would be deleted',
    });
    const asOperator = { as: 'operator' as const, body: { allowMassDelete: true } };
    expect((await fleet.api.call('POST', '/v1/namespaces/shop/actions/plan', asOperator)).status).toBe(403);
    const operation = await fleet.ended(await fleet.apply({ allowMassDelete: true }));
    expect(operation.state).toBe('succeeded');
    expect(await users('px-1')).toEqual(['theirs']);
  });

  test('shows no password, nor does anything that is kept in clear text', async () => {
    const secret = '*DEADBEEF8EF7410F248763DC99AEDC705367393C';
    await fleet.account('app', 5, secret);
    const id = await fleet.apply();
    const operation = await fleet.ended(id);
    const plan = await fleet.api.call('GET', `/v1/plans/${operation.planId}?format=text`);
    expect(plan.text).toContain('+ add user app');
    const kept = await Promise.all([
      fleet.db.selectFrom('plans').selectAll().execute(),
      fleet.db.selectFrom('operation_events').selectAll().execute(),
      fleet.db.selectFrom('pre_images').selectAll().execute(),
      fleet.db.selectFrom('audit').selectAll().execute(),
    ]);
    expect(JSON.stringify([operation, plan.text, kept])).not.toMatch(/DEADBEEF|their-password/);
  });

  test('leaves servers as they are while the database configuration service is away, and goes on with the rest', async () => {
    fleet.databases.isDown = true;
    await fleet.db
      .updateTable('namespaces')
      .set({ spec: JSON.stringify(specOf('orders-db')) })
      .execute();
    await fleet.account('app');
    const { body } = await fleet.api.call('POST', '/v1/namespaces/shop/actions/plan', { body: {} });
    expect(body.warnings).toContain('servers are left as they are: the database configuration service cannot be asked');
    expect([body.refusals, body.modules]).toEqual([[], ['users', 'rules', 'variables']]);
    const asked = await fleet.api.call('POST', '/v1/namespaces/shop/actions/plan', { body: { modules: ['servers'] } });
    expect(asked.body.refusals).toEqual([expect.objectContaining({ code: 'DATABASE_CONFIG' })]);
  });
});

describe('drift', () => {
  test('made by hand is reported and repaired', async () => {
    await fleet.account('app');
    await fleet.ended(await fleet.apply());
    await fleet.admin('px-1', "UPDATE mysql_users SET max_connections=7 WHERE username='app'");
    await fleet.admin('px-1', 'LOAD MYSQL USERS TO RUNTIME');
    const { status, body } = await fleet.api.call('GET', '/v1/namespaces/shop/drift?proxy=px-1', { as: 'viewer' });
    expect(status).toBe(200);
    const [px1] = body.proxies;
    expect(px1.rows).toContainEqual(
      expect.objectContaining({
        between: 'desired-memory',
        name: 'user app',
        fields: [{ field: 'max_connections', left: '100', right: '7' }],
      }),
    );
    expect((await fleet.ended(await fleet.apply())).state).toBe('succeeded');
    const after = await fleet.api.call('GET', '/v1/namespaces/shop/drift');
    expect(after.body.proxies.map(({ proxy, rows }: { proxy: string; rows: unknown[] }) => [proxy, rows])).toEqual(
      PROXIES.map((id) => [id, []]),
    );
  });

  test('names proxies that cannot be asked', async () => {
    await fleet.kill('px-3');
    const { body } = await fleet.api.call('GET', '/v1/namespaces/shop/drift');
    expect(body.proxies.map(({ problem }: { problem: string | null }) => problem === null)).toEqual([
      true,
      true,
      false,
    ]);
  });
});

function instance(port: number, role: 'writer' | 'reader') {
  return {
    id: `i-${port}`,
    host: '127.0.0.1',
    port,
    role,
    weight: 100,
    zone: 'a',
    maxConnections: 50,
    maxReplicationLag: 0,
    useSsl: false,
    status: 'online' as const,
  };
}

function specOf(cluster: string) {
  return {
    allowedSchemas: [],
    allowedIps: [],
    slices: [{ name: 'main', writerHostgroup: 10, readerHostgroup: 20, cluster }],
    defaultSlice: 'main',
    readWriteSplit: true,
    deniedSql: [],
    slowSqlMs: null,
    maxExecutionMs: null,
    maxResultRows: null,
    maxClientConnections: null,
    qpsLimit: null,
  };
}
