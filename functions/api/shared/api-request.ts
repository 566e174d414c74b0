import type { Caller } from '@proxywatch/core/domain/access/caller';
import type { DcdbTables } from '@proxywatch/core/drivers/dcdb/tables';
import type { Log } from '@proxywatch/core/ports/log';
import type { Transaction } from 'kysely';
import type { Answer } from './answer.ts';
import type { CursorCodec } from './cursor.ts';

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
  /** `?dryRun=true`: `change` rolls back; leave out what cannot be taken back, such as publishing. */
  readonly dryRun: boolean;
  /** Of the header `X-Reason`, for the audit; empty when there is none. */
  readonly reason: string;
  /** Aborts when the time of the request is over. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** For `listPage`. */
  readonly cursors: CursorCodec;
  /**
   * One transaction that changes something: what `work` audits, and the stored answer of an Idempotency-Key, are written
   * in it. A change without an audit record is refused (INTERNAL): call `audit` for each resource that was changed.
   * `work` uses `tx` alone (there may be one connection only) and may run again when the DCDB chose it to end a deadlock.
   */
  change(work: (tx: DcdbTransaction, audit: Audit) => Promise<Answer>): Promise<Answer>;
  /** Audits what changed nothing and is to be known all the same: also in a dry run, and in no transaction of another. */
  note(record: AuditRecord): Promise<void>;
  /** For `batchRoute`: one item as a request of its own. */
  item<I>(index: number, body: I, work: (request: ApiRequest<P, Q, I>) => Promise<Answer>): Promise<Answer>;
}

// biome-ignore lint/suspicious/noExplicitAny: the schemas of a route fit its handler, which `route` has checked
export type AnyRequest = ApiRequest<any, any, any>;

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
