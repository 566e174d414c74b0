import { sql } from 'kysely';
import type { PlanDocument } from '../../../domain/control/plan.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';
import { jsonValue, wordOf } from './json-value.ts';

export const PLAN_STATES = ['open', 'applied', 'outdated'] as const;
export type PlanState = (typeof PLAN_STATES)[number];

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
      .select(['id', 'namespace', 'state', 'document', 'created_by', 'created_at', 'expires_at'])
      .select(sql<number>`expires_at < current_timestamp(6)`.as('is_expired'))
      .where('id', '=', id)
      .$if(lock, (query) => query.forUpdate())
      .executeTakeFirst({ signal });
    if (row === undefined) return undefined;
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
  });
}

export async function markPlan(tx: Dcdb, id: string, state: PlanState): Promise<void> {
  await tx.updateTable('plans').set({ state }).where('id', '=', id).execute();
}
