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

/** Those of the namespace, for whoever is the first to ask; nobody else gets them within `retryMs`. */
export function claimReturns(
  db: Dcdb,
  namespace: string,
  { nowMs, retryMs }: { readonly nowMs: number; readonly retryMs: number },
  signal?: AbortSignal,
): Promise<readonly ServerOverrideRecord[]> {
  return inTransaction(db, async (tx) => {
    const rows = await due(tx, nowMs, retryMs)
      .select(SERVER_OVERRIDE_COLUMNS)
      .where('namespace', '=', namespace)
      .orderBy('id')
      .forUpdate()
      .execute({ signal });
    if (rows.length > 0) await note(tx, idsOf(rows), { return_tried_at: new Date(nowMs) }, signal);
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

export type ReturnNote =
  | { readonly kind: 'began'; readonly operation: string }
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
    }));
  });
}

function due(db: Dcdb, nowMs: number, retryMs: number) {
  return db
    .selectFrom('server_overrides')
    .where('expires_at', '<=', new Date(nowMs))
    .where('returned_at', 'is', null)
    .where('return_operation', 'is', null)
    .where((eb) => eb.or([eb('return_tried_at', 'is', null), eb('return_tried_at', '<=', new Date(nowMs - retryMs))]));
}

type Noted = Partial<Record<'return_tried_at' | 'returned_at', Date> & Record<'return_operation', string>> & {
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
