import type { Processlist } from '../processlist.ts';
import { clockStepOf } from './clock-step.ts';
import { eventIdOf } from './event-id.ts';
import {
  ageMsOf,
  continued,
  durationMsOf,
  isSame,
  latestEndOf,
  type OpenTransaction,
  shifted,
} from './open-transaction.ts';
import type { ClockReading } from './restart.ts';
import type { SlowTransactionRecord } from './scan-record.ts';

/** What is to be remembered from one sample to the next, in any process. */
export interface TransactionsState {
  readonly clock?: ClockReading | undefined;
  readonly open: readonly OpenTransaction[];
}

export interface TransactionsOptions {
  readonly proxy: string;
  readonly namespace: string;
  readonly thresholdMs: number;
  readonly showLiterals: boolean;
  /** Records that may be made; those that end what was told are made all the same. */
  readonly room: number;
}

export interface TransactionsSeen {
  readonly state: TransactionsState;
  readonly records: readonly SlowTransactionRecord[];
  /** Slow transactions of which nothing is told, for want of room. */
  readonly untold: number;
  /** Transactions that are not followed, since longer ones are too many. */
  readonly leftOut: number;
}

/** Transactions that are followed; the longest. */
export const MAX_OPEN = 1_000;
/** How often the event of one that lasts is updated. */
const UPDATE_MS = 30_000;

type Told = NonNullable<OpenTransaction['event']>;

/**
 * Follows transactions from sample to sample. One that is slow is one event: opened, updated while it lasts, and closed when
 * a sample does not show it any more. A sample that tells nothing of transactions changes nothing.
 */
export function observeTransactions(
  before: TransactionsState,
  sample: Processlist,
  atMs: number,
  options: TransactionsOptions,
): TransactionsSeen {
  const clock = { atMs, uptimeS: sample.uptimeS, proxyNowS: sample.proxyNowS };
  const { hasRestarted, shiftMs } = clockStepOf(before.clock, clock);
  const known = shiftMs === 0 ? before.open : before.open.map((open) => shifted(open, shiftMs));
  const sessions = new Map(sample.sessions.map((session) => [session.sessionId, session]));
  const isComplete = !sample.isCut || sample.sessions.some(({ transactionUs }) => transactionUs === undefined);
  const open: OpenTransaction[] = [];
  const records: SlowTransactionRecord[] = [];
  let untold = 0;

  function follow(transaction: OpenTransaction): void {
    const isSlow = atMs - transaction.startMs >= options.thresholdMs;
    const isDue = transaction.event ? atMs - transaction.event.toldMs >= UPDATE_MS : isSlow;
    if (!isDue || records.length >= options.room) {
      open.push(transaction);
      return;
    }
    const event = nextVersion(transaction, atMs, options.proxy);
    open.push({ ...transaction, event });
    records.push(recordOf(transaction, event, 'open', atMs - transaction.startMs, atMs, options));
  }

  function close(transaction: OpenTransaction, latestEndMs: number): void {
    const durationMs = durationMsOf(transaction, latestEndMs);
    if (!transaction.event && durationMs < options.thresholdMs) return;
    if (!transaction.event && records.length >= options.room) {
      untold++;
      return;
    }
    records.push(
      recordOf(transaction, nextVersion(transaction, atMs, options.proxy), 'closed', durationMs, atMs, options),
    );
  }

  for (const transaction of known) {
    const session = sessions.get(transaction.sessionId);
    if (hasRestarted) close(transaction, atMs - sample.uptimeS * 1_000);
    else if (!sample.tellsTransactions) open.push(transaction);
    else if (session && isSame(transaction, session, atMs)) {
      sessions.delete(transaction.sessionId);
      follow(continued(transaction, session, atMs, options.showLiterals));
    } else if (!session && !isComplete) open.push(transaction);
    else close(transaction, latestEndOf(session, atMs));
  }
  if (sample.tellsTransactions) {
    for (const session of sessions.values()) {
      // Nothing shorter can become slow unseen.
      if (ageMsOf(session) < options.thresholdMs / 2) continue;
      follow(continued(undefined, session, atMs, options.showLiterals));
    }
  }
  open.sort(byImportance);
  return {
    state: { clock, open: open.slice(0, MAX_OPEN) },
    records,
    untold,
    leftOut: Math.max(0, open.length - MAX_OPEN),
  };
}

function nextVersion({ event, sessionId, startMs }: OpenTransaction, atMs: number, proxy: string): Told {
  if (event) return { ...event, version: event.version + 1, toldMs: atMs };
  const id = eventIdOf('slowTransactions', proxy, sessionId, startMs);
  return { id, startedAtMs: startMs, version: 1, toldMs: atMs };
}

function recordOf(
  { sessionId, user, schema, hostgroup, server, clientAddress, statement, idleMs }: OpenTransaction,
  event: Told,
  state: SlowTransactionRecord['state'],
  durationMs: number,
  observedAtMs: number,
  { proxy, namespace }: TransactionsOptions,
): SlowTransactionRecord {
  return {
    kind: 'slowTransactions',
    eventId: event.id,
    proxy,
    namespace,
    observedAtMs,
    version: event.version,
    state,
    startedAtMs: event.startedAtMs,
    durationMs: Math.round(durationMs),
    sessionId,
    user,
    schema,
    hostgroup,
    ...(server !== undefined && { server }),
    ...(clientAddress !== undefined && { clientAddress }),
    ...(statement !== undefined && { statement }),
    ...(idleMs !== undefined && { idleMs }),
  };
}

/** Those that were told first, so that their end is told too; then the longest. */
function byImportance(a: OpenTransaction, b: OpenTransaction): number {
  return Number(a.event === undefined) - Number(b.event === undefined) || a.startMs - b.startMs;
}
