import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { deleteExpired } from '@proxywatch/core/drivers/dcdb/control/delete-expired';
import { sql } from 'kysely';
import { type MigratedDcdb, startMigratedDcdb } from '../../support/migrated-dcdb.ts';

const DAY_MS = 86_400_000;
const HISTORY_MS = 400 * DAY_MS;
const LONG_AGO = daysAgo(401);

let dcdb: MigratedDcdb;
beforeAll(async () => {
  dcdb = await startMigratedDcdb();
});
afterAll(() => dcdb?.stop());
beforeEach(async () => {
  for (const table of ['proxy_locks', 'pre_images', 'operations', 'plans'] as const)
    await dcdb.db.deleteFrom(table).execute();
});

function daysAgo(days: number): Date {
  return new Date(Date.now() - days * DAY_MS);
}

async function plan(id: string, expires_at: Date): Promise<void> {
  const about = { namespace: 'shop', state: 'applied', document: '{}', created_by: 'dba' };
  await dcdb.db
    .insertInto('plans')
    .values({ id, ...about, expires_at })
    .execute();
}

/** With a group and an event. */
async function operation(id: string, ended_at: Date | null, plan_id: string | null = null): Promise<void> {
  const about = { kind: 'apply', namespace: 'shop', state: 'succeeded', strategy: '{}', created_by: 'dba' };
  await dcdb.db
    .insertInto('operations')
    .values({ id, ...about, plan_id, ended_at })
    .execute();
  const group = { group_id: 'px-1', position: 0, members: '["px-1"]', state: 'done', step: 'save' };
  await dcdb.db
    .insertInto('operation_groups')
    .values({ operation_id: id, ...group })
    .execute();
  await dcdb.db
    .insertInto('operation_events')
    .values({ operation_id: id, severity: 'info', message: 'saved' })
    .execute();
}

async function preImage(operation_id: string, expires_at: Date): Promise<void> {
  await dcdb.db
    .insertInto('pre_images')
    .values({ operation_id, proxy_id: 'px-1', sealed: 'sealed', expires_at })
    .execute();
}

const lock = (operation_id: string) =>
  dcdb.db.insertInto('proxy_locks').values({ proxy_id: 'px-1', operation_id }).execute();

async function idsOf(table: 'plans' | 'operations'): Promise<readonly string[]> {
  const rows = await dcdb.db.selectFrom(table).select('id').orderBy('id').execute();
  return rows.map(({ id }) => id);
}

const sweep = () => deleteExpired(dcdb.db, HISTORY_MS);

describe('what is over', () => {
  test('goes with its groups, events and plan, once it ended long enough ago', async () => {
    await plan('plan-old', LONG_AGO);
    await operation('old', LONG_AGO, 'plan-old');
    await plan('plan-late', LONG_AGO);
    await operation('late', daysAgo(399), 'plan-late');
    await plan('plan-never-applied', LONG_AGO);
    await plan('plan-new', daysAgo(399));
    await operation('goes-on', null);
    await sweep();
    expect(await idsOf('operations')).toEqual(['goes-on', 'late']);
    // What an operation applied can be read as long as the operation.
    expect(await idsOf('plans')).toEqual(['plan-late', 'plan-new']);
    const left = await Promise.all(
      (['operation_groups', 'operation_events'] as const).map((table) =>
        dcdb.db.selectFrom(table).select('operation_id').orderBy('operation_id').execute(),
      ),
    );
    for (const rows of left) expect(rows.map((row) => row.operation_id)).toEqual(['goes-on', 'late']);
  });

  test('stays as long as it holds a proxy, with its pre-image', async () => {
    await operation('holds', LONG_AGO);
    await preImage('holds', LONG_AGO);
    await preImage('gone', daysAgo(1));
    await preImage('fresh', daysAgo(-1));
    await lock('holds');
    await sweep();
    expect(await idsOf('operations')).toEqual(['holds']);
    const images = () => dcdb.db.selectFrom('pre_images').select('operation_id').orderBy('operation_id').execute();
    expect(await images()).toEqual([{ operation_id: 'fresh' }, { operation_id: 'holds' }]);
    await dcdb.db.deleteFrom('proxy_locks').execute();
    await sweep();
    expect([await idsOf('operations'), await images()]).toEqual([[], [{ operation_id: 'fresh' }]]);
  });

  test('goes in parts, the oldest first', async () => {
    const ids = Array.from({ length: 250 }, (_, day) => `plan-${String(day).padStart(3, '0')}`);
    await dcdb.db
      .insertInto('plans')
      .values(
        ids.map((id, day) => {
          const about = { namespace: 'shop', state: 'open', document: '{}', created_by: 'dba' };
          return { id, ...about, expires_at: daysAgo(700 - day) };
        }),
      )
      .execute();
    await sweep();
    expect(await idsOf('plans')).toEqual(ids.slice(200));
    await sweep();
    expect(await idsOf('plans')).toEqual([]);
  });

  test('is found by an index', async () => {
    const { rows } = await sql<{ table_name: string; index_name: string }>`
      select table_name as table_name, index_name as index_name from information_schema.statistics
      where table_schema = database() and seq_in_index = 1
        and (table_name, column_name) in (('plans', 'expires_at'), ('operations', 'plan_id'), ('operations', 'ended_at'))
      order by index_name`.execute(dcdb.db);
    expect(rows).toEqual([
      { table_name: 'operations', index_name: 'operations_by_end' },
      { table_name: 'operations', index_name: 'operations_by_plan' },
      { table_name: 'plans', index_name: 'plans_by_expiry' },
    ]);
  });
});
