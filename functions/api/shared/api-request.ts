import type { Caller } from '@proxywatch/core/domain/access/caller';
import type { DcdbTables } from '@proxywatch/core/drivers/dcdb/tables';
import type { Log } from '@proxywatch/core/ports/log';
import type { Transaction } from 'kysely';
import type { Answer } from './answer.ts';

export type DcdbTransaction = Transaction<DcdbTables>;

/** A request as the kit hands it over: parsed, authenticated, with a deadline. */
export interface ApiRequest<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly caller: Caller;
  readonly requestId: string;
  /** Revision of If-Match; `undefined` when the header is absent or `*`. */
  readonly ifMatch: number | undefined;
  /** Of the header `X-Reason`, for the audit; empty when there is none. */
  readonly reason: string;
  /** Aborts when the time of the request is over. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /**
   * One transaction that changes something: what `work` audits, and the stored answer of an Idempotency-Key, are written
   * in it. A change without an audit record is refused (INTERNAL): call `audit` for each resource that was changed.
   */
  change(work: (tx: DcdbTransaction, audit: Audit) => Promise<Answer>): Promise<Answer>;
}

/** Notes what was changed; written with the change. Secrets are masked by whoever calls: states hold none. */
export type Audit = (record: AuditRecord) => void;

export interface AuditRecord {
  /** create, update, delete, or the name of an action. */
  readonly action: string;
  /** account, proxy, namespace, … */
  readonly resourceType: string;
  readonly resourceId: string;
  readonly namespace?: string;
  readonly before?: unknown;
  readonly after?: unknown;
  /** @default - the reason of the request */
  readonly reason?: string;
}
