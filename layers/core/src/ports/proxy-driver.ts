import type { DigestRead } from '../domain/digests/digest-read.ts';
import type { ErrorTotals, Processlist, QueryEvents } from '../domain/processlist.ts';
import type { Credential, RegisteredProxy } from '../domain/proxy.ts';
import type { ProxyState } from '../domain/proxy-state.ts';
import type { ProxyStatus } from '../domain/proxy-status.ts';

/**
 * Speaks to one kind of proxy. Another kind is another driver: what it cannot tell is said in its capabilities, as data,
 * and nothing else in Proxywatch asks for the kind.
 */
export interface ProxyDriver {
  readonly kind: string;
  /** Opens the one connection and detects the capabilities. Rejects with PROXY_* errors; bounded by `timeoutMs`. */
  connect(proxy: RegisteredProxy, credential: Credential, options: ConnectOptions): Promise<ProxySession>;
}

export interface ConnectOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * One connection, one statement at a time: calls queue behind each other. A running call whose `signal` aborts, or that
 * fails in any way but PROXY_STATEMENT, leaves the session closed, since the rest of an answer may still be on the wire.
 * A call that never sent anything (cancelled in the queue, PROXY_BUSY, PROXY_UNSUPPORTED) leaves it as it was.
 *
 * An abort rejects with its reason when that is a ProxywatchError, with PROXY_TIMEOUT for a time-out, else with CANCELLED.
 */
export interface ProxySession {
  readonly capabilities: ProxyCapabilities;
  readonly closed: boolean;
  /**
   * Reads the digest table in one statement. With `sinceUptimeS` only rows that may have changed since the proxy's uptime
   * was that, and texts of newborn rows; without it every row, with texts. Keys and texts own their memory: whoever keeps
   * one keeps nothing else of the answer alive.
   */
  fetchDigests(request: DigestRequest, signal?: AbortSignal): Promise<DigestRead>;
  /** Texts of the given digests (as printed by the proxy), cut at 512 characters; unknown digests are absent. */
  fetchDigestTexts(digests: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, string>>;
  /** All that is cheap and small: global status, back ends, commands, errors, users. */
  fetchStatus(signal?: AbortSignal): Promise<ProxyStatus>;
  /** Who is connected and what runs: sessions in a transaction or running a statement first, the rest left out beyond a bound. */
  fetchProcesslist(signal?: AbortSignal): Promise<Processlist>;
  /** Servers, checksums of the configuration, logged messages, cluster peers: as far as the credential may see them. */
  fetchState(signal?: AbortSignal): Promise<ProxyState>;
  /** Errors by errno without details. It walks locked tables of the proxy: at most once a minute. Rejects with PROXY_UNSUPPORTED. */
  fetchErrorTotals(signal?: AbortSignal): Promise<ErrorTotals>;
  /** Recorded executions behind `afterId`, oldest first, without those that were quicker. Rejects with PROXY_UNSUPPORTED. */
  fetchQueryEvents(request: QueryEventRequest, signal?: AbortSignal): Promise<QueryEvents>;
  close(): Promise<void>;
}

export interface DigestRequest {
  readonly sinceUptimeS?: number;
  /** Asks for the shortest and longest execution of each row too, and for the texts of all rows that come. */
  readonly withExtremes?: boolean;
}

export interface QueryEventRequest {
  /** Id of the last event that needs no reading any more; 0 for none. */
  readonly afterId: number;
  /** Events at once. */
  readonly limit: number;
  /** Quicker executions stay in the proxy. */
  readonly minDurationUs: number;
}

/** What a proxy can tell, found out once per connection; what would cost too much to try out is true until it was refused. */
export interface ProxyCapabilities {
  /** As the proxy prints it. */
  readonly version: string;
  readonly digests: boolean;
  readonly commandCounters: boolean;
  readonly errors: boolean;
  readonly backends: boolean;
  readonly users: boolean;
  /** The ring of query events (ProxySQL 2.7.2 and later), whether it records anything or not. */
  readonly queryEvents: boolean;
  /** Totals of errors beside the table that loses rows; tried out by the first call. */
  readonly errorTotals: boolean;
  /** Why a capability is false, in the proxy's words, by the capability's name. */
  readonly reasons?: Readonly<Record<string, string>>;
}
