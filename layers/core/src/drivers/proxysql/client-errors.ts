import { type ErrorCode, isProxywatchError, ProxywatchError } from '../../domain/errors.ts';

const ACCESS_DENIED = 1045;
const NO_TLS_OFFERED = 'HANDSHAKE_NO_SSL_SUPPORT';
const TLS_FAILED = 'HANDSHAKE_SSL_ERROR';

/** What the proxy was last asked for. */
export type Phase = 'log-in' | 'statement';

/** What mysql2 and node:net throw: an errno from the proxy, or a code of their own. */
interface ClientError {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly sqlState?: unknown;
  readonly message: string;
}

/** The domain's error for anything that went wrong on a connection; `phase` tells what the proxy was asked for. */
export function toProxywatchError(error: unknown, phase: Phase): ProxywatchError {
  if (isProxywatchError(error)) return error;
  const client: ClientError = error instanceof Error ? error : { message: String(error) };
  return new ProxywatchError(codeOf(client, phase), messageOf(client), { cause: error });
}

/** The same error, saying which proxy it is about. */
export function aboutProxy(proxyId: string, error: unknown): ProxywatchError {
  const { code, message, cause } = toProxywatchError(error, 'statement');
  return new ProxywatchError(code, `proxy ${proxyId}: ${message}`, { cause });
}

function codeOf(error: ClientError, phase: Phase): ErrorCode {
  if (typeof error.sqlState === 'string') return answerCodeOf(error, phase);
  if (error.code === NO_TLS_OFFERED) return 'PROXY_UNSUPPORTED';
  if (error.code === TLS_FAILED || error.code === 'PROTOCOL_CONNECTION_LOST') return 'PROXY_UNREACHABLE';
  // System errors carry a syscall or the names that libuv gives them; all that is left is mysql2 not understanding.
  return typeof error.code === 'string' && /^(E[A-Z]|ERR_SOCKET|ERR_SSL|ERR_TLS|UND_)/.test(error.code)
    ? 'PROXY_UNREACHABLE'
    : 'PROXY_PROTOCOL';
}

// Every SQL error of the admin interface is 1045 too: only the text tells a bad statement from a bad password.
function answerCodeOf(error: ClientError, phase: Phase): ErrorCode {
  const denied = error.errno === ACCESS_DENIED && /access denied/i.test(error.message);
  const ofStatement = /^ProxySQL Admin Error/.test(error.message);
  if (denied && !ofStatement) return 'PROXY_ACCESS_DENIED';
  return phase === 'statement' ? 'PROXY_STATEMENT' : 'PROXY_UNREACHABLE';
}

function messageOf(error: ClientError): string {
  return error.message || (typeof error.code === 'string' ? error.code : 'unknown error');
}
