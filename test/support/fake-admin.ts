import { createHash } from 'node:crypto';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { DatabaseSync } from 'node:sqlite';
import { type Connection, createServer } from 'mysql2';

/**
 * A small admin interface whose answers a test decides: the protocol of mysql2's server, the forms of ProxySQL (every
 * column VAR_STRING of charset 33 holding UTF-8, every error 1045/28000).
 */
export interface FakeAdmin {
  readonly port: number;
  /** Every statement that arrived, in order. */
  readonly statements: readonly string[];
  /** Commands that are no statement (COM_QUIT excepted), in order. */
  readonly otherCommands: readonly number[];
  /** Connections that are open now. */
  openConnections(): number;
  close(): Promise<void>;
}

export interface Exchange {
  readonly socket: Socket;
  rows(columns: readonly string[], rows: readonly (readonly (string | null)[])[]): void;
  error(message: string): void;
}

export type Answer = (statement: string, exchange: Exchange) => void;

export interface FakeAdminOptions {
  readonly credential?: { readonly user: string; readonly password: string };
  readonly answer: Answer;
}

export const STATS_CREDENTIAL = { user: 'stats', password: 'S3cret-stats' };

const VAR_STRING = 253;
const UTF8MB3 = 33;
// mysql2 encodes what its server writes in the greeting's charset; columns still say 33, as the proxy's do.
const UTF8MB4 = 224;

type ServerConnection = Connection & {
  readonly stream: Socket;
  _resetSequenceId(): void;
  serverHandshake(args: object): void;
  writeColumns(columns: readonly object[]): void;
  writeTextRow(row: readonly (string | null)[]): void;
  writeEof(): void;
  writeError(error: { message: string; code: number }): void;
};

export async function startFakeAdmin({ credential = STATS_CREDENTIAL, answer }: FakeAdminOptions): Promise<FakeAdmin> {
  const statements: string[] = [];
  const otherCommands: number[] = [];
  const sockets = new Set<Socket>();
  const server = createServer();

  server.on('connection', (connection: ServerConnection) => {
    const socket = connection.stream;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    connection.on('error', () => socket.destroy());
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion: '8.0.36',
      connectionId: sockets.size,
      statusFlags: 2,
      characterSet: UTF8MB4,
      capabilityFlags: 0x000aa20d,
      authCallback: (login: Login, done: (error: null, denied?: { message: string; code: number }) => void) => {
        const denied = `ProxySQL Error: Access denied for user '${login.user}'@'127.0.0.1' (using password: YES)`;
        done(null, passes(login, credential) ? undefined : { message: denied, code: 1045 });
        connection._resetSequenceId();
      },
    });
    connection.on('packet', (_packet: unknown, known: boolean, command: number) => {
      if (command !== 3 && command !== 1) otherCommands.push(known ? command : -command);
    });
    const onStatement = (statement: string) => {
      statements.push(statement);
      answer(statement, exchangeOn(connection));
    };
    connection.on('query', onStatement);
    connection.on('stmt_prepare', onStatement);
  });

  const tcp = (server as unknown as { readonly _server: Server })._server;
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
  return {
    port: (tcp.address() as AddressInfo).port,
    statements,
    otherCommands,
    openConnections: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        tcp.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Answers from a SQLite database, as the proxy does; `SELECT @@version` is answered with `version`. */
export function answersFrom(database: DatabaseSync, version = '2.7.2-14-g5cc418b'): Answer {
  return (statement, exchange) => {
    if (statement === 'SELECT @@version') return exchange.rows(['@@version'], [[version]]);
    try {
      const prepared = database.prepare(statement);
      prepared.setReturnArrays(true);
      prepared.setReadBigInts(true);
      const rows = prepared.all() as unknown as unknown[][];
      exchange.rows(
        prepared.columns().map(({ name }) => name),
        rows.map((row) => row.map((cell) => (cell === null ? null : String(cell)))),
      );
    } catch (error) {
      exchange.error(`ProxySQL Admin Error: ${(error as Error).message}`);
    }
  };
}

function exchangeOn(connection: ServerConnection): Exchange {
  const send = (write: () => void) => {
    connection.stream.cork();
    write();
    connection._resetSequenceId();
    connection.stream.uncork();
  };
  return {
    socket: connection.stream,
    rows: (columns, rows) =>
      send(() => {
        connection.writeColumns(columns.map(columnNamed));
        for (const row of rows) connection.writeTextRow(row);
        connection.writeEof();
      }),
    error: (message) => send(() => connection.writeError({ message, code: 1045 })),
  };
}

function columnNamed(name: string): object {
  return {
    catalog: 'def',
    schema: '',
    table: '',
    orgTable: '',
    name,
    orgName: '',
    characterSet: UTF8MB3,
    columnLength: 0x7fffffff,
    columnType: VAR_STRING,
    flags: 0,
    decimals: 0,
  };
}

interface Login {
  readonly user: string;
  readonly authPluginData1: Buffer;
  readonly authPluginData2: Buffer;
  readonly authToken: Buffer;
}

// mysql_native_password: SHA1(password) XOR SHA1(scramble + SHA1(SHA1(password)))
function passes(login: Login, credential: { readonly user: string; readonly password: string }): boolean {
  const sha1 = (...parts: (Buffer | string)[]) =>
    parts.reduce((hash, part) => hash.update(part), createHash('sha1')).digest();
  const once = sha1(credential.password);
  const mask = sha1(login.authPluginData1, login.authPluginData2, sha1(once));
  const expected = Buffer.from(once.map((byte, i) => byte ^ (mask[i] ?? 0)));
  return login.user === credential.user && expected.equals(login.authToken);
}
