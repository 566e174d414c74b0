import { messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import { insertAuditRows } from '@proxywatch/core/drivers/dcdb/access/audit-log';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { accessDcdb } from '@proxywatch/core/drivers/dcdb/dcdb-error';
import type { Answer } from './answer.ts';
import type { Audit, AuditRecord, DcdbTransaction } from './api-request.ts';

const ATTEMPTS = 4;

export interface ChangeContext {
  readonly db: Dcdb;
  readonly actor: string;
  readonly sourceAddress: string;
  readonly requestId: string;
  readonly reason: string;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  /** Writes down the answer of an Idempotency-Key; throws when the key is another's by now. */
  keepAnswer(tx: DcdbTransaction, answer: Answer): Promise<void>;
}

type Work = (tx: DcdbTransaction, audit: Audit) => Promise<Answer>;

/** Runs one change in one transaction with its audit records and its stored answer; a dry run is rolled back. */
export async function runChange(context: ChangeContext, work: Work): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await accessDcdb(() => attemptChange(context, work));
    } catch (error) {
      if (attempt >= ATTEMPTS || context.signal.aborted || !isDeadlock(error)) throw error;
    }
  }
}

/** One audit record of what changed nothing. */
export function noteAudit(context: Omit<ChangeContext, 'dryRun' | 'keepAnswer'>, record: AuditRecord): Promise<void> {
  const { db, signal } = context;
  return accessDcdb(() => db.transaction().execute((tx) => insertAuditRows(tx, [auditRow(record, context)], signal)));
}

async function attemptChange(context: ChangeContext, work: Work): Promise<Answer> {
  const records: AuditRecord[] = [];
  const rehearsed = new Rehearsed();
  try {
    return await context.db.transaction().execute(async (tx) => {
      context.signal.throwIfAborted();
      const answer = await work(tx, (record) => void records.push(record));
      if (records.length === 0) throw new ProxywatchError('INTERNAL', 'a change left no audit record');
      if (context.dryRun) throw rehearsed.with(answer);
      await insertAuditRows(
        tx,
        records.map((record) => auditRow(record, context)),
        context.signal,
      );
      await context.keepAnswer(tx, answer);
      // The last moment in which giving up leaves nothing behind.
      context.signal.throwIfAborted();
      return answer;
    });
  } catch (error) {
    if (error === rehearsed && rehearsed.answer !== undefined) return dryAnswer(rehearsed.answer);
    throw error;
  }
}

/** Thrown to have the transaction rolled back. */
class Rehearsed extends Error {
  answer: Answer | undefined;

  with(answer: Answer): this {
    this.answer = answer;
    return this;
  }
}

/** Nothing was created, so nothing has a location or a revision. */
function dryAnswer({ status, headers = {}, body }: Answer): Answer {
  const { location: _, etag: __, ...others } = headers;
  return { status: body === undefined ? status : 200, headers: { ...others, 'dry-run': 'true' }, body };
}

function auditRow(
  record: AuditRecord,
  { actor, sourceAddress, requestId, reason }: Pick<ChangeContext, 'actor' | 'sourceAddress' | 'requestId' | 'reason'>,
) {
  const { action, resourceType, resourceId, namespace = null, before = null, after = null } = record;
  const told = { action, resourceType, resourceId, namespace, before, after, reason: record.reason ?? reason };
  return { ...told, actor, sourceAddress, requestId };
}

function isDeadlock(error: unknown): boolean {
  return /deadlock found/i.test(messageOf(error));
}
