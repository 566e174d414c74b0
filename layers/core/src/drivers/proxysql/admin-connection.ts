import { ProxywatchError } from '../../domain/errors.ts';
import { malformed, type Row } from './cells.ts';
import { type Phase, toProxywatchError } from './client-errors.ts';
import { type AdminTarget, guardPackets, type MysqlClient, startMysqlClient } from './mysql-client.ts';
import { guardStatement } from './quoting.ts';

/**
 * One connection to an admin interface, for one statement at a time: the caller queues. Once anything but a refused
 * statement went wrong the socket is destroyed, since the rest of an answer may still be on the wire.
 */
export interface AdminConnection {
  readonly closed: boolean;
  /** Rows of one statement. Rejects with PROXY_STATEMENT when the proxy refuses it, with the signal's reason on an abort. */
  query(statement: string, signal: AbortSignal): Promise<readonly Row[]>;
  /** Sends a statement that answers no rows but OK; rejects as `query` does. */
  command(statement: string, signal: AbortSignal): Promise<void>;
  /** Says good-bye and waits until the proxy has hung up, at most `timeoutMs`. */
  quit(timeoutMs: number): Promise<void>;
  /** Ends the connection now; what is running and whatever comes later rejects with `reason`. */
  destroy(reason: ProxywatchError): void;
}

/** Opens TCP, TLS and the log-in. An abort of the signal, whose reason is a ProxywatchError, gives up and rejects with it. */
export async function openAdminConnection(target: AdminTarget, signal: AbortSignal): Promise<AdminConnection> {
  signal.throwIfAborted();
  const client = startMysqlClient(target);
  const life = watchLife(client);
  await life.during(signal, (resolve) => client.connection.once('connect', () => resolve(undefined)));
  life.phase = 'statement';

  /** What `understand` makes of the answer to one statement; undefined ends the connection. */
  async function send<T>(
    statement: string,
    sendSignal: AbortSignal,
    understand: (answer: unknown) => T | undefined,
  ): Promise<T> {
    guardStatement(statement);
    return life.during(sendSignal, (resolve, reject) => {
      client.connection.query({ sql: statement }, (error, answer) => {
        const problem = error ? toProxywatchError(error, 'statement') : undefined;
        const understood = problem === undefined ? understand(answer) : undefined;
        if (problem?.code === 'PROXY_STATEMENT') reject(problem);
        else if (problem !== undefined) life.end(problem);
        else if (understood !== undefined) resolve(understood);
        else life.end(malformed('no rows'));
      });
    });
  }

  return {
    get closed() {
      return life.ended !== undefined;
    },
    query: (statement, querySignal) => send(statement, querySignal, (answer) => (isRows(answer) ? answer : undefined)),
    async command(statement, commandSignal) {
      await send(statement, commandSignal, (answer) => (Array.isArray(answer) ? undefined : 'OK'));
    },
    async quit(timeoutMs) {
      if (life.ended !== undefined) return;
      client.connection.end();
      await closeOf(client, timeoutMs);
      life.end(new ProxywatchError('PROXY_UNREACHABLE', 'the connection was closed'));
    },
    destroy: life.end,
  };
}

/** How long a connection lives, and who must hear of its end. */
interface Life {
  phase: Phase;
  ended: ProxywatchError | undefined;
  end(reason: ProxywatchError): void;
  /** Runs one exchange with the proxy; ends with it, with the signal or with the connection. */
  during<T>(
    signal: AbortSignal,
    start: (resolve: (value: T) => void, reject: (error: ProxywatchError) => void) => void,
  ): Promise<T>;
}

function watchLife({ connection, socket }: MysqlClient): Life {
  let onEnd: ((reason: ProxywatchError) => void) | undefined;
  const life: Life = {
    phase: 'log-in',
    ended: undefined,
    end(reason) {
      if (life.ended !== undefined) return;
      life.ended = reason;
      connection.destroy();
      socket.destroy();
      onEnd?.(reason);
    },
    async during(signal, start) {
      if (life.ended !== undefined) {
        throw new ProxywatchError('PROXY_UNREACHABLE', `the connection has ended: ${life.ended.message}`);
      }
      signal.throwIfAborted();
      const abort = () => life.end(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      try {
        return await new Promise((resolve, reject) => {
          onEnd = reject;
          start(resolve, reject);
        });
      } finally {
        onEnd = undefined;
        signal.removeEventListener('abort', abort);
      }
    },
  };
  connection.on('error', (error) => life.end(toProxywatchError(error, life.phase)));
  socket.on('close', () => life.end(new ProxywatchError('PROXY_UNREACHABLE', 'the proxy closed the connection')));
  guardPackets(connection, life.end);
  return life;
}

function closeOf({ socket }: MysqlClient, timeoutMs: number): Promise<void> {
  if (socket.closed) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, timeoutMs);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

// With rowsAsArray an answer with rows is an array of arrays, one without is a header.
function isRows(answer: unknown): answer is readonly Row[] {
  return Array.isArray(answer) && answer.every(Array.isArray);
}
