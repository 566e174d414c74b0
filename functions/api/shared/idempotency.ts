import { createHash, randomUUID } from 'node:crypto';
import { messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import {
  claimIdempotencyKey,
  type KeyClaim,
  releaseIdempotencyKey,
  settleIdempotencyKey,
} from '@proxywatch/core/drivers/dcdb/access/idempotency-keys';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import type { Log } from '@proxywatch/core/ports/log';
import type { Answer } from './answer.ts';
import type { DcdbTransaction } from './api-request.ts';
import { headerOf, invalidHeader, type RequestHeaders } from './request-headers.ts';

const KEY = /^[\x21-\x7e]{1,100}$/;
const KEEP_S = 86_400;
/** Longer than any request may take, so that only dead ones are taken over. */
const LOCK_S = 40;

export interface OnceContext {
  readonly db: Dcdb;
  readonly caller: string;
  /** `undefined`: the request may be carried out each time it comes. */
  readonly key: string | undefined;
  readonly requestHash: string;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Writes the answer down in the transaction of the change. */
export type KeepAnswer = (tx: DcdbTransaction, answer: Answer) => Promise<void>;

export function readIdempotencyKey(headers: RequestHeaders): string | undefined {
  const key = headerOf(headers, 'idempotency-key');
  if (key === undefined || KEY.test(key)) return key;
  throw invalidHeader('idempotency-key', 'expected 1 to 100 printable ASCII characters without blanks');
}

/** What makes two requests the same. */
export function requestHashOf(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** Carries a request out once per key and caller; when it comes again, it gets the answer of then. */
export async function answerOnce(context: OnceContext, run: (keep: KeepAnswer) => Promise<Answer>): Promise<Answer> {
  const { caller, key, requestHash, signal } = context;
  if (key === undefined) return run(async () => {});
  const { db } = context;
  const claim = { caller, key, token: randomUUID() };
  const outcome = await claimIdempotencyKey(db, { ...claim, requestHash, lockS: LOCK_S, keepS: KEEP_S }, signal);
  if (outcome.kind === 'done') return replayed(outcome.answer);
  if (outcome.kind === 'other') {
    throw new ProxywatchError('UNPROCESSABLE', 'this Idempotency-Key was given with another request before', {
      problems: [{ pointer: 'idempotency-key', message: 'belongs to another request' }],
    });
  }
  if (outcome.kind === 'running') throw new StillRunning(outcome.remainingS);
  return settle(context, claim, run);
}

/** The first request of a key has not been answered yet. */
export class StillRunning extends ProxywatchError {
  readonly retryAfterS: number;

  constructor(retryAfterS: number) {
    super('CONFLICT', 'a request with this Idempotency-Key is still running');
    this.retryAfterS = Math.max(1, retryAfterS);
  }
}

async function settle(
  { db, signal, log }: OnceContext,
  claim: KeyClaim,
  run: (keep: KeepAnswer) => Promise<Answer>,
): Promise<Answer> {
  let isKept = false;
  const keep: KeepAnswer = async (tx, answer) => {
    // The transaction may run a second time after a deadlock: what it wrote the first time is gone with it.
    if (!(await settleIdempotencyKey(tx, claim, textOf(answer), signal))) throw new StillRunning(1);
    isKept = true;
  };
  try {
    const answer = await run(keep);
    if (!isKept) await settleIdempotencyKey(db, claim, textOf(answer), signal);
    return answer;
  } catch (error) {
    // One that was kept is not `running` any more, and stays.
    await releaseIdempotencyKey(db, claim).catch((problem: unknown) =>
      log.warn('an idempotency key stays locked', { problem: messageOf(problem) }),
    );
    throw error;
  }
}

function textOf({ status, headers = {}, body }: Answer): string {
  return JSON.stringify({ status, headers, body });
}

function replayed(text: string): Answer {
  const { status, headers, body }: Answer = JSON.parse(text);
  return { status, headers: { ...headers, 'idempotent-replayed': 'true' }, body };
}
