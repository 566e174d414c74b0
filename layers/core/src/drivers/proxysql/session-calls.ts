import { errorCodeOf, ProxywatchError } from '../../domain/errors.ts';
import type { AdminConnection } from './admin-connection.ts';
import { createCallQueue } from './call-queue.ts';
import type { Command, Query } from './cells.ts';
import { aboutProxy, toProxywatchError } from './client-errors.ts';
import { startDeadline } from './deadline.ts';

export interface SessionLimits {
  readonly statementTimeoutMs: number;
  readonly closeTimeoutMs: number;
  /** Calls that may wait while one runs. */
  readonly maxWaitingCalls: number;
}

/** What a call does with the connection while it is its turn. */
export type Work<T> = (query: Query, command: Command) => Promise<T>;

/** Calls over one connection, which it owns: one after another, each statement within its time, errors naming the proxy. */
export interface SessionCalls {
  readonly closed: boolean;
  /** Waits its turn and works; `signal` ends the waiting and whatever statement runs. */
  run<T>(signal: AbortSignal | undefined, work: Work<T>): Promise<T>;
  /** As `run`, but once the work has begun the signal ends no statement: the work looks at it where it can stop. */
  runToEnd<T>(signal: AbortSignal | undefined, work: Work<T>): Promise<T>;
  close(): Promise<void>;
}

export function createSessionCalls(proxyId: string, connection: AdminConnection, limits: SessionLimits): SessionCalls {
  const queue = createCallQueue(limits.maxWaitingCalls);
  let closing: Promise<void> | undefined;

  async function call<T>(
    waiting: AbortSignal | undefined,
    working: AbortSignal | undefined,
    work: Work<T>,
  ): Promise<T> {
    try {
      return await queue.run(() => runAlone(working, work), waiting);
    } catch (error) {
      throw aboutProxy(proxyId, error);
    }
  }

  async function runAlone<T>(signal: AbortSignal | undefined, work: Work<T>): Promise<T> {
    if (closing !== undefined) throw new ProxywatchError('PROXY_UNREACHABLE', 'the session is closed');
    try {
      return await work(
        (statement) => within(signal, (deadline) => connection.query(statement, deadline)),
        (statement) => within(signal, (deadline) => connection.command(statement, deadline)),
      );
    } catch (error) {
      // A broken answer was read to its end, but what comes after it deserves no more trust.
      if (!isHarmless(error)) connection.destroy(toProxywatchError(error, 'statement'));
      throw error;
    }
  }

  async function within<T>(signal: AbortSignal | undefined, send: (deadline: AbortSignal) => Promise<T>): Promise<T> {
    const deadline = startDeadline('a statement', limits.statementTimeoutMs, signal);
    try {
      return await send(deadline.signal);
    } finally {
      deadline.clear();
    }
  }

  async function close(): Promise<void> {
    if (queue.busy) connection.destroy(new ProxywatchError('CANCELLED', 'the session was closed'));
    else await connection.quit(limits.closeTimeoutMs);
  }

  return {
    get closed() {
      return closing !== undefined || connection.closed;
    },
    run: (signal, work) => call(signal, signal, work),
    runToEnd: (signal, work) => call(signal, undefined, work),
    close() {
      closing ??= close();
      return closing;
    },
  };
}

// After these nothing of an answer can still be on the wire.
function isHarmless(error: unknown): boolean {
  return HARMLESS.has(errorCodeOf(error));
}
const HARMLESS = new Set<string | undefined>(['PROXY_STATEMENT', 'PROXY_UNSUPPORTED']);
