import type { CollectorName, SinkName } from '../scan/collectors.ts';

/** What somebody decides about the monitoring of a proxy; what is absent is as gateway and scanner are configured. */
export interface MonitoringOverrides {
  readonly collectors?: Readonly<Partial<Record<CollectorName, CollectorOverrides>>>;
  /** Named digest series of the gateway. */
  readonly digestTopN?: number;
  /** Digests with rows of their own, per interval of the scanner. */
  readonly sqlStatsTopN?: number;
  /** Time limit of one collection of the gateway. */
  readonly collectTimeoutMs?: number;
  readonly slowSqlMs?: number;
  readonly slowTransactionMs?: number;
  /** Characters of statements and messages in records. */
  readonly textLength?: number;
  /** Whether they keep what users typed. */
  readonly showLiterals?: boolean;
  /** Statements that are told one by one: all that fit each list that is given … */
  readonly include?: StatementLists;
  /** … and fit none of these. The others still count in sums. */
  readonly exclude?: StatementLists;
}

export interface CollectorOverrides {
  readonly enabled?: boolean;
  readonly intervalMs?: number;
  /** Time limit of one run of the collector. */
  readonly timeoutMs?: number;
  /** Where its records go; none: nowhere. */
  readonly routes?: readonly SinkName[];
}

/** Names, in which `*` stands for any text. */
export interface StatementLists {
  readonly schemas?: readonly string[];
  readonly users?: readonly string[];
  /** As the proxy prints them. */
  readonly digests?: readonly string[];
}

export const STATEMENT_LISTS = ['schemas', 'users', 'digests'] as const satisfies readonly (keyof StatementLists)[];

/** Collectors whose run is one read. Those that sample go on until the window of the run ends, and have no limit but that. */
export const LIMITED_COLLECTORS: readonly CollectorName[] = ['status', 'sqlStats', 'sqlErrors', 'keyLogs'];

/** Least and most of each number. */
export const BOUNDS = {
  intervalMs: [1_000, 7 * 86_400_000],
  timeoutMs: [100, 60_000],
  digestTopN: [1, 100_000],
  sqlStatsTopN: [1, 10_000],
  collectTimeoutMs: [100, 600_000],
  slowSqlMs: [1, 86_400_000],
  slowTransactionMs: [200, 86_400_000],
  textLength: [16, 1_024],
} as const;

/** Invocations of the scanner carry these for up to 25 proxies at once: 256 kB in all. */
export const MAX_LIST = 20;
export const MAX_PATTERN = 64;

/** The DCDB keeps no table of statuses. */
export function sinksOf(collector: CollectorName): readonly SinkName[] {
  return collector === 'status' ? ['redis', 'kafka'] : ['redis', 'dcdb', 'kafka'];
}
