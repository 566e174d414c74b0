import type { DigestCounters } from '../digests/digest-read.ts';
import type { ProxyState } from '../proxy-state.ts';
import type { ProxyStatus } from '../proxy-status.ts';
import type { CollectorName } from './collectors.ts';

/** What is common to all records. Times are epoch milliseconds; those of a proxy are moved to the scanner's clock. */
interface RecordBase {
  /** Names what happened, not who saw it: the same event has the same id however often it is read. 32 hex digits. */
  readonly eventId: string;
  readonly proxy: string;
  readonly namespace: string;
  /** When it was read. */
  readonly observedAtMs: number;
}

/** A proxy as it is now; `reachable: false` has the reason and nothing else. */
export interface StatusRecord extends RecordBase {
  readonly kind: 'status';
  readonly reachable: boolean;
  /** Code and message of the error that kept it from being read. */
  readonly problem?: string;
  readonly status?: Omit<ProxyStatus, 'errors'>;
  readonly state?: ProxyState;
}

/** What one digest, or all others together, ran between two reads. */
export interface SqlStatsRecord extends RecordBase, DigestCounters {
  readonly kind: 'sqlStats';
  /** The interval: from the read before to this one. */
  readonly fromMs: number;
  readonly toMs: number;
  /** `undefined` for the rest: what no digest of its own has a record for. */
  readonly digest?: SqlStatsDigest;
}

export interface SqlStatsDigest {
  readonly hostgroup: string;
  readonly schema: string;
  readonly user: string;
  /** As the proxy prints it. */
  readonly digest: string;
  /** Normalised text where this read brought it, cut at 512 characters. */
  readonly text?: string;
  /** Shortest and longest execution since the proxy has the digest, microseconds. */
  readonly minTimeUs?: number;
  readonly maxTimeUs?: number;
}

/** Errors of one kind that came up between two reads. */
export interface SqlErrorsRecord extends RecordBase {
  readonly kind: 'sqlErrors';
  readonly fromMs: number;
  readonly toMs: number;
  /**
   * `backend`: a statement failed, as the table of errors details it. `detailLost`: counted by the proxy under this errno
   * and server, but in no row of that table any more. `frontend`: a client was refused with a wrong password.
   */
  readonly source: 'backend' | 'detailLost' | 'frontend';
  readonly errno: number;
  readonly count: number;
  readonly hostgroup?: string;
  /** `host:port` */
  readonly server?: string;
  readonly user?: string;
  readonly schema?: string;
  readonly clientAddress?: string;
  /** The latest message, masked unless literals are allowed. */
  readonly lastError?: string;
}

export interface SlowSqlRecord extends RecordBase {
  readonly kind: 'slowSql';
  /**
   * `event`: the proxy recorded this execution. `inferred`: the longest time of a digest rose to this. `seen`: it was seen
   * running for at least so long.
   */
  readonly source: 'event' | 'inferred' | 'seen';
  readonly durationUs: number;
  /** Whether it took exactly so long, or at least. */
  readonly isExact: boolean;
  /** When it began; of an inferred one the earliest that it can have. */
  readonly startedAtMs: number;
  readonly digest?: string;
  /** Normalised, or with its literals if the configuration allows them. */
  readonly text?: string;
  /** The text was longer. */
  readonly isCut?: boolean;
  readonly hostgroup?: string;
  readonly schema?: string;
  readonly user?: string;
  readonly server?: string;
  readonly clientAddress?: string;
  readonly rowsSent?: number;
  readonly rowsAffected?: number;
  readonly errno?: number;
}

/** One transaction; later versions of the same event replace earlier ones. */
export interface SlowTransactionRecord extends RecordBase {
  readonly kind: 'slowTransactions';
  /** Rises with each version of the event. */
  readonly version: number;
  readonly state: 'open' | 'closed';
  readonly startedAtMs: number;
  /**
   * So far, or in all. The end of a closed one lies between the last sample that saw it and the first that did not: half of
   * that time is counted, but no more than it was seen for, and no more than 10 s.
   */
  readonly durationMs: number;
  readonly sessionId: string;
  readonly user: string;
  readonly schema: string;
  readonly hostgroup: string;
  readonly server?: string;
  readonly clientAddress?: string;
  /** The statement that was seen running in it last, masked unless literals are allowed. */
  readonly statement?: string;
  /** How long the session has been asleep within the transaction at the latest sample. */
  readonly idleMs?: number;
}

export type KeyLogEvent =
  | 'restart'
  | 'statistics-reset'
  | 'server-status'
  | 'configuration-changed'
  | 'message'
  | 'events-lost'
  | 'drift-begin'
  | 'drift-end';

export interface KeyLogRecord extends RecordBase {
  readonly kind: 'keyLogs';
  readonly event: KeyLogEvent;
  readonly severity: 'info' | 'warning' | 'error';
  /** When it happened, as closely as it is known. */
  readonly happenedAtMs: number;
  /** For people, in one line. */
  readonly message: string;
  /** For machines: before, after, name, … */
  readonly detail: Readonly<Record<string, string | number>>;
}

export type ScanRecord =
  | StatusRecord
  | SqlStatsRecord
  | SqlErrorsRecord
  | SlowSqlRecord
  | SlowTransactionRecord
  | KeyLogRecord;

/** Records of one collector that were found, persisted and delivered together. */
export interface ScanBatch {
  /** Unique for a proxy and collector; the same batch always holds the same records. */
  readonly id: string;
  readonly proxy: string;
  readonly namespace: string;
  readonly collector: CollectorName;
  readonly observedAtMs: number;
  readonly records: readonly ScanRecord[];
}
