import { type Selectable, sql } from 'kysely';
import type { PlanDocument } from '../../../domain/control/plan.ts';
import type { PlansTable } from '../control-tables.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';
import { jsonValue, wordOf } from './json-value.ts';

export const PLAN_STATES = ['open', 'applied', 'outdated'] as const;
export type PlanState = (typeof PLAN_STATES)[number];

export const PLAN_COLUMNS = [
  'id',
  'namespace',
  'state',
  'document',
  'created_by',
  'created_at',
  'expires_at',
] as const satisfies readonly (keyof PlansTable)[];

/** By the clock of the DCDB. */
export const isExpiredNow = sql<number>`expires_at < current_timestamp(6)`.as('is_expired');

export interface PlanRecord {
  readonly id: string;
  readonly namespace: string;
  readonly state: PlanState;
  readonly document: PlanDocument;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly isExpired: boolean;
}

export interface NewPlan {
  readonly id: string;
  readonly document: PlanDocument;
  readonly createdBy: string;
  readonly ttlMs: number;
}

export async function insertPlan(tx: Dcdb, { id, document, createdBy, ttlMs }: NewPlan): Promise<void> {
  await tx
    .insertInto('plans')
    .values({
      id,
      namespace: document.namespace,
      state: 'open',
      document: JSON.stringify(document),
      created_by: createdBy,
      expires_at: sql<Date>`current_timestamp(6) + interval ${Math.ceil(ttlMs / 1_000)} second`,
    })
    .execute();
}

/** `lock`: nobody else applies it until the transaction ends. */
export function fetchPlan(
  db: Dcdb,
  id: string,
  signal?: AbortSignal,
  { lock = false }: { readonly lock?: boolean } = {},
): Promise<PlanRecord | undefined> {
  return accessDcdb(async () => {
    const row = await db
      .selectFrom('plans')
      .select(PLAN_COLUMNS)
      .select(isExpiredNow)
      .where('id', '=', id)
      .$if(lock, (query) => query.forUpdate())
      .executeTakeFirst({ signal });
    return row && planOf(row);
  });
}

export function planOf(row: Selectable<PlansTable> & { readonly is_expired: number }): PlanRecord {
  return {
    id: row.id,
    namespace: row.namespace,
    state: wordOf(PLAN_STATES, row.state, 'plans.state'),
    document: jsonValue<PlanDocument>(row.document, 'plans.document'),
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    isExpired: Number(row.is_expired) === 1,
  };
}

export async function markApplied(tx: Dcdb, id: string): Promise<void> {
  await tx.updateTable('plans').set({ state: 'applied' }).where('id', '=', id).execute();
}

/** Says so to whoever looks at it later; one that was applied meanwhile stays so. */
export function markOutdated(db: Dcdb, id: string): Promise<void> {
  return accessDcdb(async () => {
    await db.updateTable('plans').set({ state: 'outdated' }).where('id', '=', id).where('state', '=', 'open').execute();
  });
}
