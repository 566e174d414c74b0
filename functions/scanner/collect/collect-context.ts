import type { RowChange } from '@proxywatch/core/domain/digests/row-changes';
import type { StatementFilter } from '@proxywatch/core/domain/monitoring-settings/statement-filter';
import type { Processlist } from '@proxywatch/core/domain/processlist';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { ModuleChecksum } from '@proxywatch/core/domain/proxy-state';
import type { CollectorName } from '@proxywatch/core/domain/scan/collectors';
import type { ScanRecord } from '@proxywatch/core/domain/scan/scan-record';
import type { ScanLosses } from '@proxywatch/core/domain/scan/scan-report';
import type { Log } from '@proxywatch/core/ports/log';
import type { ProxySession } from '@proxywatch/core/ports/proxy-driver';
import type { PendingBatch } from '@proxywatch/core/ports/scan-store';

/** One run of one collector for one proxy. */
export interface Collector {
  readonly name: CollectorName;
  /**
   * Reads its source, and commits what it found. What it did not commit is found again by the next run. Rejects with
   * PROXY_*, STORE_* or CANCELLED; one that fails never takes the others down.
   */
  collect(context: CollectContext): Promise<void>;
}

/** All that a collector works with; times that the run shares are epoch milliseconds. */
export interface CollectContext {
  readonly proxy: RegisteredProxy;
  /** One connection with the credentials of statistics; calls queue behind each other. */
  readonly session: ProxySession;
  readonly settings: CollectSettings;
  /** What the collector committed last. */
  readonly state: string | undefined;
  readonly clock: ScanClock;
  /** Sampling ends then, and what remains of the time is for writing. */
  readonly windowEndMs: number;
  /** Aborts when the time of the invocation is over. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /**
   * Persists the new state and what was found, both or neither, and then brings the records to their sinks. Sinks that are
   * away get them later: that is no failure. Rejects with STORE_* when nothing was persisted, and with SINK_FULL when too
   * much is pending already: then nothing must be read any more.
   *
   * A record of another kind than the collector's (a key event that it alone can see) goes where its kind goes.
   */
  commit(found: Found): Promise<void>;
  /**
   * As `commit` for a collector that keeps its state elsewhere: `persist` writes it together with the batch (`undefined`
   * when nothing was found), both or neither.
   */
  commitWith(
    records: readonly ScanRecord[],
    persist: (batch: PendingBatch | undefined) => Promise<void>,
  ): Promise<void>;
  /** Calls `observe` with every sample of the processlist until the window ends; one sampling serves all who watch. */
  watchProcesslist(observe: (sample: Processlist, atMs: number) => void | Promise<void>): Promise<void>;
  /**
   * The one read of the digest table of this run, for whoever looks into it before its history is saved: `observe` must
   * have committed what it finds when it resolves, since these changes are not seen again. To be called before the first
   * await of `collect`. A run without the collector `sqlStats` reads no digests and never calls it.
   */
  observeDigests(observe: (round: DigestRound) => Promise<void>): void;
  /** For the collector that reads digests: tells all observers, and resolves when all are done; rejects when one failed. */
  tellDigests(round: DigestRound): Promise<void>;
  /**
   * Checksums of the configuration that runs, asked with the credential for changes over a connection of its own; `undefined`
   * where the proxy has no such credential. Rejects with PROXY_* or CREDENTIAL_MISSING.
   */
  fetchChecksums(signal: AbortSignal): Promise<readonly ModuleChecksum[] | undefined>;
  /** Adds to what this run could not keep, for whoever looks how the collector does. */
  count(losses: Partial<ScanLosses>): void;
  /** Fencing token of the scan lease that this run holds. */
  readonly token: string;
}

export interface Found {
  readonly state: string | undefined;
  readonly records: readonly ScanRecord[];
}

/** What the digest table brought since the read before. */
export interface DigestRound {
  /** The interval: from the read before (`undefined` at the first sight of a proxy) to this one. */
  readonly fromMs: number | undefined;
  readonly toMs: number;
  readonly changes: readonly RowChange[];
  readonly verdict: 'begun' | 'continued' | 'reset' | 'purged';
  readonly reason: 'restart' | 'table-reset' | undefined;
  readonly uptimeS: number;
  readonly proxyNowS: number;
}

export interface ScanClock {
  /** Steady, milliseconds. */
  nowMs(): number;
  /** Epoch milliseconds. */
  wallMs(): number;
}

export interface CollectSettings {
  /** Executions and transactions that take longer are slow. */
  readonly slowSqlMs: number;
  readonly slowTransactionMs: number;
  /** Whether statements keep their literals. */
  readonly showLiterals: boolean;
  readonly sampleMs: number;
  /** Digests with records of their own, per interval. */
  readonly sqlStatsTopN: number;
  /** Records of one collector and run; more are counted, not kept. */
  readonly maxRecords: number;
  /** Which statements are told one by one. @default all */
  readonly tells?: StatementFilter;
  /** Characters of statements and messages in records. @default as many as each kind has */
  readonly textLength?: number;
}
