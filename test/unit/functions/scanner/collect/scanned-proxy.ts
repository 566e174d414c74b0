import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { ErrorTotals, Processlist, ProxySessionState } from '@proxywatch/core/domain/processlist';
import type { Credential, RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { ProxyState } from '@proxywatch/core/domain/proxy-state';
import type { SqlErrorRow } from '@proxywatch/core/domain/proxy-status';
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

/** The proxy's wall clock is an hour ahead. */
const BOOT_S = 1_700_003_600;

type Call = 'connect' | 'status' | 'state' | 'totals' | 'processlist';

/** A proxy that answers the scanner's calls from memory; a test may hold or fail any of them. */
export class ScannedProxy implements ProxyDriver {
  readonly kind = 'fake';
  readonly calls: Call[] = [];
  readonly sessions: ProxySession[] = [];
  uptimeS = 1_000;
  errors: SqlErrorRow[] = [];
  totals: Pick<ErrorTotals, 'byServer' | 'accessDenied'> | undefined;
  state: Omit<ProxyState, 'uptimeS' | 'proxyNowS'> = {};
  /** What only the credential for changes shows. */
  adminState: Partial<ProxyState> = {};
  running: ProxySessionState[] = [];
  /** Called before each answer; what it throws or rejects with is the answer. */
  before: (call: Call) => unknown = () => undefined;
  /** Calls that are being answered now, and the most that ever were. */
  atOnce = 0;
  mostAtOnce = 0;

  get nowS(): number {
    return BOOT_S + this.uptimeS;
  }

  async connect(_proxy?: RegisteredProxy, credential?: Credential): Promise<ProxySession> {
    await this.#answer('connect', undefined);
    const session = this.#session(credential?.user === 'admin');
    this.sessions.push(session);
    return session;
  }

  /** An error that came up `count` times since `bornS`. */
  errorRow(errno: number, count: number, fields: Partial<SqlErrorRow> & { readonly bornS?: number } = {}): SqlErrorRow {
    const { bornS = 1, ...rest } = fields;
    const times = { firstSeenS: this.nowS - (this.uptimeS - bornS), lastSeenS: this.nowS };
    const scope = { hostgroup: '10', host: 'db', port: 3306, user: 'app', clientAddress: '', schema: 'shop' };
    return { ...scope, errno, count, ...times, lastError: `error ${errno}`, ...rest };
  }

  /** Says that one more is being answered, until it is. */
  async #answer(call: Call, signal: AbortSignal | undefined): Promise<void> {
    this.calls.push(call);
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.atOnce);
    const aborted = Promise.withResolvers<never>();
    signal?.addEventListener('abort', () => aborted.reject(signal.reason), { once: true });
    try {
      signal?.throwIfAborted();
      await Promise.race([this.before(call), aborted.promise]);
    } finally {
      this.atOnce--;
    }
  }

  #session(isAdmin: boolean): ProxySession {
    const proxy = this;
    let isClosed = false;
    async function exchange<T>(call: Call, signal: AbortSignal | undefined, answer: () => T): Promise<T> {
      if (isClosed) throw new ProxywatchError('PROXY_UNREACHABLE', 'the session is closed');
      try {
        await proxy.#answer(call, signal);
        return answer();
      } catch (error) {
        isClosed = true;
        throw error;
      }
    }
    const times = () => ({ uptimeS: proxy.uptimeS, proxyNowS: proxy.nowS });
    const capabilities: ProxyCapabilities = {
      version: '2.7.2',
      digests: true,
      commandCounters: true,
      errors: true,
      backends: true,
      users: true,
      queryEvents: false,
      errorTotals: proxy.totals !== undefined,
    };
    return {
      capabilities,
      get closed() {
        return isClosed;
      },
      fetchDigests: () => unsupported('digests'),
      fetchDigestTexts: () => unsupported('texts'),
      fetchQueryEvents: () => unsupported('query events'),
      fetchStatus: (signal) =>
        exchange('status', signal, () => ({
          version: '2.7.2',
          ...times(),
          clientConnections: 3,
          activeTransactions: 0,
          slowQueries: 0,
          backends: [],
          commands: [],
          users: [],
          errors: proxy.errors,
        })),
      fetchState: (signal) =>
        exchange('state', signal, () => ({ ...times(), ...proxy.state, ...(isAdmin && proxy.adminState) })),
      fetchErrorTotals: (signal) =>
        exchange('totals', signal, () => ({ ...times(), byServer: [], accessDenied: 0, ...proxy.totals })),
      fetchProcesslist: (signal) =>
        exchange(
          'processlist',
          signal,
          (): Processlist => ({ ...times(), sessions: proxy.running, tellsTransactions: true, isCut: false }),
        ),
      async close() {
        isClosed = true;
      },
    };
  }
}

async function unsupported(what: string): Promise<never> {
  throw new ProxywatchError('PROXY_UNSUPPORTED', `no ${what}`);
}

export function unreachable(): never {
  throw new ProxywatchError('PROXY_UNREACHABLE', 'connection refused');
}
