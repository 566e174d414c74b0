import type { Credential } from '../../domain/proxy.ts';
import { startDeadline } from '../proxysql/deadline.ts';
import { guardPackets, type MysqlClient, startMysqlClient } from '../proxysql/mysql-client.ts';
import { untilAborted } from '../until-aborted.ts';

export interface LoginTarget {
  readonly host: string;
  readonly port: number;
  /** Speaks TLS. The certificate is not checked: the proxies that log in there do not check it by themselves either. */
  readonly useTls: boolean;
}

export interface LoginOptions {
  /** For all of it together. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Runs a statement once logged in: through a proxy that is what reaches a back end. @default false */
  readonly runStatement?: boolean;
}

/** What became of it; `stage` tells how far it had come. Nothing in here is secret or names a host. */
export type LoginOutcome =
  | { readonly kind: 'accepted' }
  /** With MySQL's error code, such as 1045. */
  | { readonly kind: 'refused'; readonly stage: LoginStage; readonly errno: number; readonly sqlState: string }
  | { readonly kind: 'failed'; readonly stage: LoginStage; readonly reason: 'unreachable' | 'timeout' | 'protocol' };

export type LoginStage = 'log-in' | 'statement';

const TLS_FAILURES = ['HANDSHAKE_NO_SSL_SUPPORT', 'HANDSHAKE_SSL_ERROR'];
const NETWORK_FAILURE = /^(E(?!RR_)[A-Z0-9_]+|ERR_(SSL|TLS|SOCKET|STREAM)_\w+|PROTOCOL_CONNECTION_LOST)$/;

/**
 * Logs in to a MySQL server, or to a proxy's traffic port, and leaves again. Whatever the server does is an outcome;
 * rejects with the signal's reason, or CANCELLED, only when the caller gives up.
 */
export async function tryLogin(
  { host, port, useTls }: LoginTarget,
  credential: Credential,
  { timeoutMs, signal, runStatement = false }: LoginOptions,
): Promise<LoginOutcome> {
  const deadline = startDeadline('logging in', timeoutMs, signal);
  const progress: { stage: LoginStage } = { stage: 'log-in' };
  const tls = { rejectUnauthorized: false, verifyIdentity: false };
  const client = startMysqlClient({ host, port, credential, ...(useTls && { tls }) });
  let isIn = false;
  try {
    const outcome = await untilAborted(outcomeOf(client, runStatement, progress), deadline.signal);
    isIn = outcome.kind === 'accepted';
    return outcome;
  } catch (error) {
    if (signal?.aborted) throw error;
    return { kind: 'failed', stage: progress.stage, reason: 'timeout' };
  } finally {
    deadline.clear();
    leave(client, isIn);
  }
}

/** Never rejects. */
function outcomeOf(client: MysqlClient, runStatement: boolean, progress: { stage: LoginStage }): Promise<LoginOutcome> {
  const { connection, socket } = client;
  return new Promise((resolve) => {
    const settle = (error: unknown) => resolve(failureOf(error, progress.stage));
    connection.on('error', settle);
    socket.on('close', () => settle({ code: 'PROTOCOL_CONNECTION_LOST' }));
    guardPackets(connection, settle);
    connection.once('connect', () => {
      if (!runStatement) return resolve({ kind: 'accepted' });
      progress.stage = 'statement';
      connection.query('SELECT 1', (error) => (error ? settle(error) : resolve({ kind: 'accepted' })));
    });
  });
}

function failureOf(error: unknown, stage: LoginStage): LoginOutcome {
  const { code, errno, sqlState }: { code?: unknown; errno?: unknown; sqlState?: unknown } =
    typeof error === 'object' && error !== null ? error : {};
  if (typeof sqlState === 'string' && typeof errno === 'number') return { kind: 'refused', stage, errno, sqlState };
  const isNetwork = typeof code === 'string' && (NETWORK_FAILURE.test(code) || TLS_FAILURES.includes(code));
  return { kind: 'failed', stage, reason: isNetwork ? 'unreachable' : 'protocol' };
}

/** The socket does not outlive the call; a server that let us in hears a good-bye first. */
function leave({ connection, socket }: MysqlClient, isIn: boolean): void {
  // Whatever comes now has nobody to hear it, but an error without a listener would end the process.
  connection.on('error', () => undefined);
  socket.on('error', () => undefined);
  if (isIn) {
    connection.end();
    socket.destroySoon();
  } else {
    connection.destroy();
    socket.destroy();
  }
}
