import { type Kysely, sql } from 'kysely';
import { accessDcdb } from '../dcdb-error.ts';
import type { DcdbTables } from '../tables.ts';

type Db = Kysely<DcdbTables>;

/** Whose claim it is: `token` is known to nobody else, so a claim that was taken over cannot be settled by its former holder. */
export interface KeyClaim {
  readonly caller: string;
  readonly key: string;
  readonly token: string;
}

export interface KeyRequest extends KeyClaim {
  readonly requestHash: string;
  /** How long others are kept off while this one runs. */
  readonly lockS: number;
  readonly keepS: number;
}

export type ClaimOutcome =
  | { readonly kind: 'claimed' }
  /** Another request came with this key before. */
  | { readonly kind: 'other' }
  | { readonly kind: 'done'; readonly answer: string }
  | { readonly kind: 'running'; readonly remainingS: number };

const ATTEMPTS = 5;

/** Takes the key for this request, one that was left by a dead request included. */
export function claimIdempotencyKey(db: Db, wanted: KeyRequest, signal?: AbortSignal): Promise<ClaimOutcome> {
  return accessDcdb(async () => {
    let last: ClaimOutcome = { kind: 'running', remainingS: 1 };
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (await insertClaim(db, wanted, signal)) return { kind: 'claimed' };
      const outcome = await lookAt(db, wanted, signal);
      if (outcome !== undefined) {
        if (outcome.kind !== 'running' || outcome.remainingS > 0) return outcome;
        if (await takeOver(db, wanted, signal)) return { kind: 'claimed' };
        last = { kind: 'running', remainingS: 1 };
      }
    }
    return last;
  });
}

/** Writes the answer down for as long as the key is kept; false: the claim is another's by now. */
export function settleIdempotencyKey(db: Db, claim: KeyClaim, answer: string, signal?: AbortSignal): Promise<boolean> {
  return accessDcdb(async () => {
    const { numUpdatedRows } = await db
      .updateTable('idempotency_keys')
      .set({ state: 'done', answer })
      .where('caller', '=', claim.caller)
      .where('idempotency_key', '=', claim.key)
      .where('state', '=', 'running')
      .where('answer', '=', claim.token)
      .executeTakeFirst({ signal });
    return numUpdatedRows === 1n;
  });
}

/** Frees the key of a request that changed nothing. */
export function releaseIdempotencyKey(db: Db, claim: KeyClaim, signal?: AbortSignal): Promise<void> {
  return accessDcdb(async () => {
    await db
      .deleteFrom('idempotency_keys')
      .where('caller', '=', claim.caller)
      .where('idempotency_key', '=', claim.key)
      .where('state', '=', 'running')
      .where('answer', '=', claim.token)
      .execute({ signal });
  });
}

/** Forgets keys whose time is over, at most `limit`; answers how many. */
export function sweepIdempotencyKeys(db: Db, limit: number, signal?: AbortSignal): Promise<number> {
  return accessDcdb(async () => {
    const { numDeletedRows } = await db
      .deleteFrom('idempotency_keys')
      .where('expires_at', '<=', sql<Date>`now(6)`)
      .orderBy('expires_at')
      .limit(limit)
      .executeTakeFirst({ signal });
    return Number(numDeletedRows);
  });
}

async function insertClaim(db: Db, wanted: KeyRequest, signal?: AbortSignal): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('idempotency_keys')
    .ignore()
    .values({
      caller: wanted.caller,
      idempotency_key: wanted.key,
      request_hash: wanted.requestHash,
      state: 'running',
      answer: wanted.token,
      locked_until: inSeconds(wanted.lockS),
      expires_at: inSeconds(wanted.keepS),
    })
    .executeTakeFirst({ signal });
  return numInsertedOrUpdatedRows === 1n;
}

/** `undefined`: there is none any more. */
async function lookAt(db: Db, wanted: KeyRequest, signal?: AbortSignal): Promise<ClaimOutcome | undefined> {
  const row = await db
    .selectFrom('idempotency_keys')
    .select(['request_hash', 'state', 'answer'])
    .select([
      sql<number>`expires_at <= now(6)`.as('is_over'),
      sql<number>`timestampdiff(microsecond, now(6), locked_until)`.as('remaining_us'),
    ])
    .where('caller', '=', wanted.caller)
    .where('idempotency_key', '=', wanted.key)
    .executeTakeFirst({ signal });
  if (row === undefined) return undefined;
  if (Number(row.is_over) === 1) {
    await db
      .deleteFrom('idempotency_keys')
      .where('caller', '=', wanted.caller)
      .where('idempotency_key', '=', wanted.key)
      .where('expires_at', '<=', sql<Date>`now(6)`)
      .execute({ signal });
    return undefined;
  }
  if (row.request_hash !== wanted.requestHash) return { kind: 'other' };
  if (row.state === 'done') return { kind: 'done', answer: row.answer ?? 'null' };
  return { kind: 'running', remainingS: Math.max(0, Math.ceil(Number(row.remaining_us) / 1e6)) };
}

async function takeOver(db: Db, wanted: KeyRequest, signal?: AbortSignal): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('idempotency_keys')
    .set({ answer: wanted.token, locked_until: inSeconds(wanted.lockS) })
    .where('caller', '=', wanted.caller)
    .where('idempotency_key', '=', wanted.key)
    .where('state', '=', 'running')
    .where('locked_until', '<=', sql<Date>`now(6)`)
    .executeTakeFirst({ signal });
  return numUpdatedRows === 1n;
}

/** By the clock of the DCDB, which all share. */
function inSeconds(seconds: number) {
  return sql<Date>`now(6) + interval ${sql.lit(seconds)} second`;
}
