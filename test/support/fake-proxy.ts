import { encodeDigestKey } from '@proxywatch/core/domain/digests/digest-key';
import type { DigestCounters, DigestRead } from '@proxywatch/core/domain/digests/digest-read';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Credential, RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { ProxyStatus, SqlErrorRow } from '@proxywatch/core/domain/proxy-status';
import type { ProxyCapabilities, ProxyDriver, ProxySession } from '@proxywatch/core/ports/proxy-driver';

export const PROXY: RegisteredProxy = {
  id: 'px1',
  kind: 'fake',
  namespace: 'test',
  adminHost: '127.0.0.1',
  adminPort: 6032,
  adminTls: false,
  statsCredentialRef: 'stats',
};

const CAPABILITIES: ProxyCapabilities = {
  version: '2.7.2',
  digests: true,
  commandCounters: true,
  errors: true,
  backends: true,
  users: true,
  queryEvents: false,
  errorTotals: false,
};

/** What a session is asked for, in the order of arrival. */
type Call = 'connect' | 'digests' | 'texts' | 'status';

/** A proxy that answers from memory, as the port of drivers wants it; a test may hold or fail any call. */
export class FakeProxy implements ProxyDriver {
  readonly kind = 'fake';
  readonly calls: Call[] = [];
  readonly credentials: Credential[] = [];
  readonly sessions: FakeSession[] = [];
  /** Executions by name of the digest; the time is ten microseconds each. */
  readonly executions = new Map<string, number>();
  readonly status: { commands: ProxyStatus['commands']; backends: ProxyStatus['backends']; errors: SqlErrorRow[] };
  capabilities = CAPABILITIES;
  uptimeS = 1_000;
  /** Called before each answer; what it throws or rejects with is the answer. */
  before: (call: Call) => unknown = () => undefined;

  constructor() {
    this.status = { commands: [], backends: [], errors: [] };
  }

  async connect(_proxy: RegisteredProxy, credential: Credential): Promise<ProxySession> {
    this.credentials.push(credential);
    await this.answer('connect');
    const session = new FakeSession(this);
    this.sessions.push(session);
    return session;
  }

  async answer(call: Call): Promise<void> {
    this.calls.push(call);
    await this.before(call);
  }

  read(sinceUptimeS: number | undefined): DigestRead {
    const nowS = 1_800_000_000 + this.uptimeS;
    const rows = [...this.executions].map(([name, executions]) => ({
      key: keyOf(name),
      counters: countersOf(executions),
      firstSeenS: nowS - 500,
      text: `text of ${name}`,
    }));
    return {
      kind: sinceUptimeS === undefined ? 'full' : 'changed',
      proxyNowS: nowS,
      uptimeS: this.uptimeS,
      tableRows: rows.length,
      tableSums: countersOf([...this.executions.values()].reduce((sum, executions) => sum + executions, 0)),
      oldestFirstSeenS: rows.length === 0 ? undefined : nowS - 500,
      rows,
    };
  }
}

class FakeSession implements ProxySession {
  closed = false;
  readonly #proxy: FakeProxy;

  constructor(proxy: FakeProxy) {
    this.#proxy = proxy;
  }

  get capabilities(): ProxyCapabilities {
    return this.#proxy.capabilities;
  }

  async fetchDigests({ sinceUptimeS }: { readonly sinceUptimeS?: number }, signal?: AbortSignal): Promise<DigestRead> {
    return this.#exchange('digests', signal, () => this.#proxy.read(sinceUptimeS));
  }

  async fetchDigestTexts(digests: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, string>> {
    return this.#exchange('texts', signal, () => new Map(digests.map((digest) => [digest, `text of ${digest}`])));
  }

  async fetchStatus(signal?: AbortSignal): Promise<ProxyStatus> {
    const { uptimeS, status } = this.#proxy;
    return this.#exchange('status', signal, () => ({
      version: '2.7.2',
      uptimeS,
      proxyNowS: 1_800_000_000 + uptimeS,
      clientConnections: 3,
      activeTransactions: 0,
      slowQueries: 0,
      users: [],
      ...status,
    }));
  }

  async fetchProcesslist(): Promise<never> {
    return this.#unsupported('processlist');
  }

  async fetchState(): Promise<never> {
    return this.#unsupported('state');
  }

  async fetchErrorTotals(): Promise<never> {
    return this.#unsupported('error totals');
  }

  async fetchQueryEvents(): Promise<never> {
    return this.#unsupported('query events');
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  async #unsupported(what: string): Promise<never> {
    throw new ProxywatchError('PROXY_UNSUPPORTED', `a gateway asks for no ${what}`);
  }

  /** A call that fails, or whose caller left, leaves the session closed, as the port says. */
  async #exchange<T>(call: Call, signal: AbortSignal | undefined, answer: () => T): Promise<T> {
    const aborted = Promise.withResolvers<never>();
    signal?.addEventListener('abort', () => aborted.reject(signal.reason), { once: true });
    try {
      signal?.throwIfAborted();
      await Promise.race([this.#proxy.answer(call), aborted.promise]);
      return answer();
    } catch (error) {
      this.closed = true;
      throw error;
    }
  }
}

export function keyOf(digest: string): string {
  return encodeDigestKey({ hostgroup: '10', schema: 'shop', user: 'app', clientAddress: '', digest });
}

function countersOf(executions: number): DigestCounters {
  return { executions, timeUs: 10 * executions, rowsAffected: 0, rowsSent: executions };
}

/** Holds whoever passes until it is opened. */
export function createGate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { pass: () => promise, open: resolve };
}
