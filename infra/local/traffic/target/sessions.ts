import { type Connection, createConnection } from 'mysql2/promise';
import { BACKEND_USERS, type Schema, type UserName } from '../backend-users.ts';

const MAX_IDLE_PER_LOGIN = 4;
const END_TIMEOUT_MS = 500;

export interface Login {
  readonly user: UserName;
  readonly schema: Schema;
}

export interface SessionOptions {
  readonly host: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
}

/** One session at the proxy; `query` rejects with a SqlError when the statement failed, otherwise the session is lost. */
export interface Session {
  query(sql: string): Promise<void>;
}

/** A statement that the server refused; the session lives on. */
export class SqlError extends Error {
  readonly errno: number;

  constructor(errno: number, message: string) {
    super(message);
    this.name = 'SqlError';
    this.errno = errno;
  }
}

/** Sessions of one proxy, kept for the next unit with the same login. */
export interface Sessions {
  /** Runs `work` on a session of its own. A session that was lost, or whose work failed, is not used again. */
  use<T>(login: Login, work: (session: Session) => Promise<T>): Promise<T>;
  /** Ends the idle ones. */
  close(): Promise<void>;
}

export function createSessions(options: SessionOptions): Sessions {
  const idle = new Map<string, Connection[]>();
  return {
    async use(login, work) {
      const key = JSON.stringify([login.user, login.schema]);
      const kept = idle.get(key) ?? [];
      idle.set(key, kept);
      const connection = kept.pop() ?? (await connect(login, options));
      try {
        const result = await work({ query: (sql) => runStatement(connection, sql, options.statementTimeoutMs) });
        if (kept.length < MAX_IDLE_PER_LOGIN && idle.get(key) === kept) kept.push(connection);
        else await end(connection);
        return result;
      } catch (error) {
        connection.destroy();
        throw error;
      }
    },
    async close() {
      const connections = [...idle.values()].flat();
      idle.clear();
      await Promise.all(connections.map(end));
    },
  };
}

async function connect({ user, schema }: Login, options: SessionOptions): Promise<Connection> {
  const { host, port, connectTimeoutMs } = options;
  const { password } = BACKEND_USERS[user];
  const connection = await createConnection({
    host,
    port,
    user,
    password,
    database: schema,
    connectTimeout: connectTimeoutMs,
    charset: 'utf8mb4_unicode_ci',
  });
  // A connection that breaks while idle is found out at its next use.
  connection.on('error', () => undefined);
  return connection;
}

async function runStatement(connection: Connection, sql: string, timeoutMs: number): Promise<void> {
  const tooLate = Promise.withResolvers<never>();
  const timer = setTimeout(() => tooLate.reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    await Promise.race([connection.query({ sql, rowsAsArray: true }), tooLate.promise]);
  } catch (error) {
    throw sqlErrorOf(error) ?? error;
  } finally {
    clearTimeout(timer);
  }
}

function sqlErrorOf(error: unknown): SqlError | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { errno, sqlState, fatal, message } = error as Partial<
    Record<'errno' | 'sqlState' | 'fatal' | 'message', unknown>
  >;
  if (typeof errno !== 'number' || typeof sqlState !== 'string' || fatal === true) return undefined;
  return new SqlError(errno, String(message));
}

/** With a goodbye, so that the proxy does not count an aborted client. */
async function end(connection: Connection): Promise<void> {
  const giveUp = setTimeout(() => connection.destroy(), END_TIMEOUT_MS);
  await connection.end().catch(() => connection.destroy());
  clearTimeout(giveUp);
}
