import { errorCodeOf, ProxywatchError } from '../../domain/errors.ts';
import type { ProxyStatus } from '../../domain/proxy-status.ts';
import type { ProxyCapabilities, ProxySession } from '../../ports/proxy-driver.ts';
import type { AdminConnection } from './admin-connection.ts';
import { createCallQueue } from './call-queue.ts';
import type { Query, Row } from './cells.ts';
import { aboutProxy, toProxywatchError } from './client-errors.ts';
import { startDeadline } from './deadline.ts';
import { parseDigestAnswer, parseDigestTexts } from './digest-answer.ts';
import { digestsStatement, digestTextsStatement } from './statements.ts';
import { fetchStatus } from './status.ts';

// Beyond this a list costs more than the whole table: each statement that names it makes the proxy rebuild it.
const LONGEST_LIST = 500;

export interface SessionLimits {
  readonly statementTimeoutMs: number;
  readonly closeTimeoutMs: number;
  /** Calls that may wait while one runs. */
  readonly maxWaitingCalls: number;
}

/** A session over an open connection, which it owns from now on. */
export function createSession(
  proxyId: string,
  connection: AdminConnection,
  capabilities: ProxyCapabilities,
  limits: SessionLimits,
): ProxySession {
  const queue = createCallQueue(limits.maxWaitingCalls);
  let closing: Promise<void> | undefined;

  async function call<T>(signal: AbortSignal | undefined, work: (query: Query) => Promise<T>): Promise<T> {
    try {
      return await queue.run(() => runAlone(signal, work), signal);
    } catch (error) {
      throw aboutProxy(proxyId, error);
    }
  }

  async function runAlone<T>(signal: AbortSignal | undefined, work: (query: Query) => Promise<T>): Promise<T> {
    if (closing !== undefined) throw new ProxywatchError('PROXY_UNREACHABLE', 'the session is closed');
    try {
      return await work((statement) => queryWithin(statement, signal));
    } catch (error) {
      // A broken answer was read to its end, but what comes after it deserves no more trust.
      if (errorCodeOf(error) !== 'PROXY_STATEMENT') connection.destroy(toProxywatchError(error, 'statement'));
      throw error;
    }
  }

  async function queryWithin(statement: string, signal: AbortSignal | undefined): Promise<readonly Row[]> {
    const deadline = startDeadline('a statement', limits.statementTimeoutMs, signal);
    try {
      return await connection.query(statement, deadline.signal);
    } finally {
      deadline.clear();
    }
  }

  function requireDigests(): void {
    if (capabilities.digests) return;
    const reason = capabilities.reasons?.digests ?? 'not offered';
    throw aboutProxy(proxyId, new ProxywatchError('PROXY_UNSUPPORTED', `no digests: ${reason}`));
  }

  async function unsupported(what: string): Promise<never> {
    throw aboutProxy(proxyId, new ProxywatchError('PROXY_UNSUPPORTED', `no ${what}: not offered`));
  }

  async function close(): Promise<void> {
    if (queue.busy) connection.destroy(new ProxywatchError('CANCELLED', 'the session was closed'));
    else await connection.quit(limits.closeTimeoutMs);
  }

  return {
    capabilities,
    get closed() {
      return closing !== undefined || connection.closed;
    },
    async fetchDigests({ sinceUptimeS }, signal) {
      requireDigests();
      const statement = digestsStatement(sinceUptimeS);
      const kind = sinceUptimeS === undefined ? 'full' : 'changed';
      return call(signal, async (query) => parseDigestAnswer(await query(statement), kind));
    },
    async fetchDigestTexts(digests, signal) {
      requireDigests();
      const wanted = new Set(digests);
      if (wanted.size === 0) return new Map();
      const statement = digestTextsStatement(wanted.size <= LONGEST_LIST ? [...wanted] : undefined);
      return call(signal, async (query) => parseDigestTexts(await query(statement), wanted));
    },
    async fetchStatus(signal): Promise<ProxyStatus> {
      return call(signal, (query) => fetchStatus(query, capabilities));
    },
    fetchProcesslist: () => unsupported('processlist'),
    fetchState: () => unsupported('state'),
    fetchErrorTotals: () => unsupported('error totals'),
    fetchQueryEvents: () => unsupported('query events'),
    close() {
      closing ??= close();
      return closing;
    },
  };
}
