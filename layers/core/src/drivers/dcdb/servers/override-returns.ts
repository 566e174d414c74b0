import type { Transaction } from 'kysely';
import { inTransaction } from '../control/in-transaction.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';
import type { DcdbTables } from '../tables.ts';
import { SERVER_OVERRIDE_COLUMNS, type ServerOverrideRecord, serverOverrideOf } from './server-overrides.ts';

/** A return that has an operation, which has ended. */
export interface EndedReturn {
  readonly override: ServerOverrideRecord;
  readonly operation: string;
  /** `undefined`: all proxies follow. */
  readonly problem: string | undefined;
  /** Another override of the namespace ran out meanwhile, so that the plan was outdated half-way: no reason to give up. */
  readonly isOvertaken: boolean;
}

const ENDED = ['succeeded', 'failed', 'rolled-back'];
const MAX_PROBLEM = 1_000;

/** Namespaces with overrides that ran out, whose proxies nobody has told of it and nobody is about to. */
export function fetchNamespacesToReturn(
  db: Dcdb,
  { nowMs, retryMs, limit }: { readonly nowMs: number; readonly retryMs: number; readonly limit: number },
  signal?: AbortSignal,
): Promise<readonly string[]> {
  return accessDcdb(async () => {
    const rows = await due(db, nowMs, retryMs)
      .select((eb) => ['namespace', eb.fn.min('return_tried_at').as('tried')])
      .groupBy('namespace')
      // Those that were never tried come first, and nobody waits for ever behind others.
      .orderBy('tried')
      .limit(limit)
      .execute({ signal });
    return rows.map(({ namespace }) => namespace);
  });
}

/**
 * Those of the namespace, for whoever is the first to ask; nobody else gets them within `retryMs`. One of them that is due
 * brings along all that ran out: a plan takes all of them back, and must not find one that nobody answers for.
 */
export function claimReturns(
  db: Dcdb,
  namespace: string,
  { nowMs, retryMs }: { readonly nowMs: number; readonly retryMs: number },
  signal?: AbortSignal,
): Promise<readonly ServerOverrideRecord[]> {
  return inTransaction(db, async (tx) => {
    const rows = await ranOut(tx, nowMs)
      .select([...SERVER_OVERRIDE_COLUMNS, 'return_tried_at'])
      .where('namespace', '=', namespace)
      .orderBy('id')
      .forUpdate()
      .execute({ signal });
    const latestMs = nowMs - retryMs;
    if (rows.every(({ return_tried_at: tried }) => tried !== null && tried.getTime() > latestMs)) return [];
    await note(tx, idsOf(rows), { return_tried_at: new Date(nowMs) }, signal);
    return rows.map(serverOverrideOf);
  });
}

/** Holds them until the end of the transaction; `false` when one was changed, deleted or returned since. */
export function lockReturns(
  tx: Transaction<DcdbTables>,
  overrides: readonly ServerOverrideRecord[],
  signal?: AbortSignal,
): Promise<boolean> {
  return accessDcdb(async () => {
    const rows = await tx
      .selectFrom('server_overrides')
      .select(['id', 'revision'])
      .where('id', 'in', idsOf(overrides))
      .where('returned_at', 'is', null)
      .where('return_operation', 'is', null)
      .orderBy('id')
      .forUpdate()
      .execute({ signal });
    const revisions = new Map(rows.map(({ id, revision }) => [id, Number(revision)]));
    return overrides.every(({ id, revision }) => revisions.get(id) === revision);
  });
}

/** What holds one of the namespace's proxies: it may be about to write what it was planned with. */
export function fetchOperationUnderWay(
  db: Dcdb,
  namespace: string,
  signal?: AbortSignal,
): Promise<{ readonly proxy: string; readonly operation: string } | undefined> {
  return accessDcdb(() =>
    db
      .selectFrom('proxy_locks')
      .innerJoin('proxies', 'proxies.id', 'proxy_locks.proxy_id')
      .select(['proxy_locks.proxy_id as proxy', 'proxy_locks.operation_id as operation'])
      .where('proxies.namespace', '=', namespace)
      .orderBy('proxy_locks.proxy_id')
      .limit(1)
      .executeTakeFirst({ signal }),
  );
}

export type ReturnNote =
  | { readonly kind: 'began'; readonly operation: string }
  /** Its operation went back, and another one shall try. */
  | { readonly kind: 'again'; readonly problem: string }
  | { readonly kind: 'returned'; readonly nowMs: number; readonly problem?: string | undefined }
  | { readonly kind: 'problem'; readonly problem: string };

export function noteReturns(
  tx: Transaction<DcdbTables>,
  overrides: readonly ServerOverrideRecord[],
  noted: ReturnNote,
  signal?: AbortSignal,
): Promise<void> {
  return accessDcdb(async () => {
    const problem = 'problem' in noted ? (noted.problem?.slice(0, MAX_PROBLEM) ?? null) : null;
    await note(
      tx,
      idsOf(overrides),
      {
        return_problem: problem,
        ...(noted.kind === 'began' && { return_operation: noted.operation }),
        ...(noted.kind === 'again' && { return_operation: null }),
        ...(noted.kind === 'returned' && { returned_at: new Date(noted.nowMs) }),
      },
      signal,
    );
  });
}

/** Those whose operation has ended; the transaction holds them until its end, and others pass them by. */
export function lockEndedReturns(
  tx: Transaction<DcdbTables>,
  limit: number,
  signal?: AbortSignal,
): Promise<readonly EndedReturn[]> {
  return accessDcdb(async () => {
    const rows = await tx
      .selectFrom('server_overrides')
      .innerJoin('operations', 'operations.id', 'server_overrides.return_operation')
      .select(SERVER_OVERRIDE_COLUMNS)
      .select(['operations.id as operation', 'operations.state as state', 'operations.problem as problem'])
      .select(({ exists, selectFrom }) =>
        exists(
          selectFrom('server_overrides as other')
            .select('other.id')
            .whereRef('other.namespace', '=', 'server_overrides.namespace')
            // Its plan was made right after that.
            .whereRef('other.expires_at', '>', 'server_overrides.return_tried_at')
            .whereRef('other.expires_at', '<=', 'operations.ended_at'),
        ).as('is_overtaken'),
      )
      .where('server_overrides.returned_at', 'is', null)
      .where('operations.state', 'in', ENDED)
      .orderBy('server_overrides.id')
      .limit(limit)
      .forUpdate()
      .skipLocked()
      .execute({ signal });
    return rows.map((row) => ({
      override: serverOverrideOf(row),
      operation: row.operation,
      problem: row.state === 'succeeded' ? undefined : `operation ${row.operation} ${row.state}: ${row.problem ?? ''}`,
      // Only where all is as before: what was done stays with somebody who looks.
      isOvertaken: row.state === 'rolled-back' && Number(row.is_overtaken) === 1,
    }));
  });
}

function due(db: Dcdb, nowMs: number, retryMs: number) {
  return ranOut(db, nowMs).where((eb) =>
    eb.or([eb('return_tried_at', 'is', null), eb('return_tried_at', '<=', new Date(nowMs - retryMs))]),
  );
}

function ranOut(db: Dcdb, nowMs: number) {
  return db
    .selectFrom('server_overrides')
    .where('expires_at', '<=', new Date(nowMs))
    .where('returned_at', 'is', null)
    .where('return_operation', 'is', null);
}

type Noted = Partial<Record<'return_tried_at' | 'returned_at', Date> & Record<'return_operation', string | null>> & {
  readonly return_problem?: string | null;
};

/** The override itself is as it was: neither its revision nor the time of its last change moves. */
async function note(tx: Dcdb, ids: readonly string[], noted: Noted, signal?: AbortSignal): Promise<void> {
  await tx
    .updateTable('server_overrides')
    .set((eb) => ({ ...noted, updated_at: eb.ref('updated_at') }))
    .where('id', 'in', ids)
    .execute({ signal });
}

function idsOf(rows: readonly { readonly id: string }[]): readonly string[] {
  return rows.map(({ id }) => id);
}
