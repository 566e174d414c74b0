import { type ErrorCode, isProxywatchError, ProxywatchError } from '../../domain/errors.ts';

const ACCESS_DENIED = 1045;
const NO_TLS_OFFERED = 'HANDSHAKE_NO_SSL_SUPPORT';
const TLS_FAILED = 'HANDSHAKE_SSL_ERROR';
// ECONNREFUSED, EAI_AGAIN, …; but not ERR_OUT_OF_RANGE and its like.
const NETWORK_FAILURE = /^(E(?!RR_)[A-Z0-9_]+|ERR_(SSL|TLS|SOCKET|STREAM)_\w+)$/;
const LONGEST_MESSAGE = 1_000;

/** What the proxy was last asked for. */
export type Phase = 'log-in' | 'statement';

/** What mysql2 and node:net throw: an errno from the proxy, or a code of their own. */
interface ClientError {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly sqlState?: unknown;
  readonly message?: unknown;
}

/** The domain's error for anything that went wrong on a connection; `phase` tells what the proxy was asked for. */
export function toProxywatchError(error: unknown, phase: Phase): ProxywatchError {
  if (isProxywatchError(error)) return error;
  const client: ClientError = typeof error === 'object' && error !== null ? error : { message: String(error) };
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
  // All that is no failure of the network is mysql2 not understanding, such as a read beyond the end of a packet.
  return typeof error.code === 'string' && NETWORK_FAILURE.test(error.code) ? 'PROXY_UNREACHABLE' : 'PROXY_PROTOCOL';
}

// Every SQL error of the admin interface is 1045 too: only the text tells a bad statement from a bad password.
function answerCodeOf(error: ClientError, phase: Phase): ErrorCode {
  const denied = error.errno === ACCESS_DENIED && /access denied/i.test(messageOf(error));
  const ofStatement = messageOf(error).startsWith('ProxySQL Admin Error');
  if (denied && !ofStatement) return 'PROXY_ACCESS_DENIED';
  return phase === 'statement' ? 'PROXY_STATEMENT' : 'PROXY_UNREACHABLE';
}

function messageOf({ message, code }: ClientError): string {
  const said = typeof message === 'string' && message !== '' ? message : code;
  return typeof said === 'string' ? said.slice(0, LONGEST_MESSAGE) : 'unknown error';
}
