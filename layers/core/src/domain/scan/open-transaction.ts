import type { ProxySessionState } from '../processlist.ts';
import { cutText, maskLiterals } from './mask-literals.ts';

/** A transaction that is open, as of the latest sample. Times are epoch milliseconds on our clock. */
export interface OpenTransaction {
  readonly sessionId: string;
  /** Never earlier than it truly began; what a quiet thread of the proxy tells may be seconds late. */
  readonly startMs: number;
  readonly lastSeenMs: number;
  /** As the proxy said it last, microseconds: it only grows. */
  readonly reportedUs: number;
  readonly user: string;
  readonly schema: string;
  readonly hostgroup: string;
  readonly server?: string | undefined;
  readonly clientAddress?: string | undefined;
  readonly statement?: string | undefined;
  readonly idleMs?: number | undefined;
  /** Absent until it is slow. */
  readonly event?:
    | { readonly id: string; readonly startedAtMs: number; readonly version: number; readonly toldMs: number }
    | undefined;
}

const MAX_STATEMENT_CHARACTERS = 512;
/** The proxy's threads look at the clock when they wake up: every 2 s at least. */
const LAG_MS = 2_000;
/** A sample may take so long that its sessions are that much older. */
const LATENCY_MS = 1_000;
/** How long a transaction is taken to have gone on unseen, at most. */
const MAX_UNSEEN_MS = 10_000;

/**
 * Whether a session is still in the transaction that it was in before: it got no younger, and what it says began when that
 * did, as far as the proxy's clocks can tell. Whatever began after the latest sample is another one.
 */
export function isSame(open: OpenTransaction, session: ProxySessionState, atMs: number): boolean {
  if (session.transactionUs === undefined || session.transactionUs < open.reportedUs) return false;
  const startMs = atMs - ageMsOf(session);
  const earliestMs = open.startMs - LAG_MS - LATENCY_MS;
  const latestMs = Math.min(open.startMs + LAG_MS + LATENCY_MS, Math.max(open.startMs + LAG_MS, open.lastSeenMs));
  return startMs >= earliestMs && startMs <= latestMs;
}

export function continued(
  before: OpenTransaction | undefined,
  session: ProxySessionState,
  atMs: number,
  showLiterals: boolean,
): OpenTransaction {
  const startMs = Math.round(atMs - ageMsOf(session));
  const { sessionId, user, schema, hostgroup, server, clientAddress, statement } = session;
  const textOf = (sql: string) =>
    showLiterals ? cutText(sql, MAX_STATEMENT_CHARACTERS).text : maskLiterals(sql, MAX_STATEMENT_CHARACTERS);
  return {
    sessionId,
    startMs: Math.min(startMs, before?.startMs ?? startMs),
    lastSeenMs: atMs,
    reportedUs: session.transactionUs ?? 0,
    user,
    schema,
    hostgroup,
    server: server ?? before?.server,
    clientAddress: clientAddress || before?.clientAddress,
    statement: statement === undefined ? before?.statement : textOf(statement),
    idleMs: statement === undefined && session.command === 'Sleep' ? session.timeMs : undefined,
    event: before?.event,
  };
}

/** The start that was told stays. */
export function shifted(open: OpenTransaction, byMs: number): OpenTransaction {
  const event = open.event && { ...open.event, toldMs: open.event.toldMs + byMs };
  return { ...open, startMs: open.startMs + byMs, lastSeenMs: open.lastSeenMs + byMs, event };
}

/**
 * How long one took that ended at some time between its last sample and `latestEndMs`: half of that time is counted, but no
 * more than it was seen for, or the shortest would grow long where nobody looked for a while.
 */
export function durationMsOf({ startMs, lastSeenMs }: OpenTransaction, latestEndMs: number): number {
  const seenMs = lastSeenMs - startMs;
  const unseenMs = Math.max(0, latestEndMs - lastSeenMs) / 2;
  return seenMs + Math.min(unseenMs, seenMs, MAX_UNSEEN_MS);
}

/** When a transaction that a sample does not show any more has ended, at the latest. */
export function latestEndOf(session: ProxySessionState | undefined, atMs: number): number {
  if (!session) return atMs;
  // What its session does now, it began afterwards.
  return Math.min(atMs - session.timeMs, atMs - Math.max(0, ageMsOf(session)));
}

/** Milliseconds; less than nothing outside of a transaction. */
export function ageMsOf({ transactionUs }: ProxySessionState): number {
  return transactionUs === undefined ? -1 : transactionUs / 1_000;
}
