import { errorCodeOf, messageOf, ProxywatchError } from '../../domain/errors.ts';
import type { ProxySession } from '../../ports/proxy-driver.ts';
import type { Acquaintance } from './acquaintances.ts';
import type { AdminConnection } from './admin-connection.ts';
import { aboutProxy } from './client-errors.ts';
import { parseDigestAnswer, parseDigestTexts } from './digest-answer.ts';
import { fetchErrorTotals } from './error-totals.ts';
import { fetchQueryEvents } from './query-events.ts';
import { createSessionCalls, type SessionLimits, type Work } from './session-calls.ts';
import { digestsStatement, digestTextsStatement } from './statements.ts';
import { fetchStatus } from './status.ts';

// Beyond this a list costs more than the whole table: each statement that names it makes the proxy rebuild it.
const LONGEST_LIST = 500;

type Optional = 'digests' | 'errorTotals' | 'queryEvents';

/**
 * A session over an open connection, which it owns from now on. `onRefused` is called when the proxy refuses what it was
 * known to take.
 */
export function createSession(
  proxyId: string,
  connection: AdminConnection,
  known: Acquaintance,
  limits: SessionLimits,
  onRefused: () => void,
): ProxySession {
  const calls = createSessionCalls(proxyId, connection, limits);
  const { readProcesslist, readState } = known;

  /** A call that the proxy was known to take. */
  async function callKnown<T>(signal: AbortSignal | undefined, work: Work<T>): Promise<T> {
    try {
      return await calls.run(signal, work);
    } catch (error) {
      if (errorCodeOf(error) === 'PROXY_STATEMENT') onRefused();
      throw error;
    }
  }

  function unsupported(name: Optional): ProxywatchError {
    const reason = known.capabilities.reasons?.[name] ?? 'not offered';
    return aboutProxy(proxyId, new ProxywatchError('PROXY_UNSUPPORTED', `no ${WORDS[name]}: ${reason}`));
  }

  /** A call whose refusal says that the proxy does not offer it at all: nobody asks twice. */
  async function callOptional<T>(name: Optional, signal: AbortSignal | undefined, work: Work<T>): Promise<T> {
    if (!known.capabilities[name]) throw unsupported(name);
    try {
      return await calls.run(signal, work);
    } catch (error) {
      if (errorCodeOf(error) !== 'PROXY_STATEMENT') throw error;
      const { capabilities } = known;
      const reasons = { ...capabilities.reasons, [name]: messageOf(error) };
      known.capabilities = { ...capabilities, [name]: false, reasons };
      throw unsupported(name);
    }
  }

  return {
    get capabilities() {
      return known.capabilities;
    },
    get closed() {
      return calls.closed;
    },
    async fetchDigests({ sinceUptimeS, withExtremes = false }, signal) {
      if (!known.capabilities.digests) throw unsupported('digests');
      const statement = digestsStatement(sinceUptimeS, withExtremes);
      const kind = sinceUptimeS === undefined ? 'full' : 'changed';
      return callKnown(signal, async (query) => parseDigestAnswer(await query(statement), kind, withExtremes));
    },
    async fetchDigestTexts(digests, signal) {
      if (!known.capabilities.digests) throw unsupported('digests');
      const wanted = new Set(digests);
      if (wanted.size === 0) return new Map();
      const statement = digestTextsStatement(wanted.size <= LONGEST_LIST ? [...wanted] : undefined);
      return callKnown(signal, async (query) => parseDigestTexts(await query(statement), wanted));
    },
    fetchStatus: (signal) => callKnown(signal, (query) => fetchStatus(query, known.capabilities)),
    fetchProcesslist: (signal) => callKnown(signal, readProcesslist),
    fetchState: (signal) => callKnown(signal, readState),
    fetchErrorTotals: (signal) => callOptional('errorTotals', signal, fetchErrorTotals),
    fetchQueryEvents: (request, signal) =>
      callOptional('queryEvents', signal, (query, command) => fetchQueryEvents(query, command, request)),
    close: calls.close,
  };
}

const WORDS = { digests: 'digests', errorTotals: 'totals of errors', queryEvents: 'query events' } as const;
