import { createHash } from 'node:crypto';
import type { AddressInfo, Server, Socket } from 'node:net';
import { type Connection, createServer } from 'mysql2';
import { until } from './until.ts';

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
  /** How many clients said good-bye. */
  quits(): number;
  /** Waits until no client is connected any more. */
  allGone(): Promise<void>;
  close(): Promise<void>;
}

export interface Exchange {
  readonly socket: Socket;
  rows(columns: readonly string[], rows: readonly (readonly (string | null)[])[]): void;
  error(message: string): void;
  ok(): void;
}

export type Answer = (statement: string, exchange: Exchange) => void;

export interface FakeAdminOptions {
  readonly credential?: { readonly user: string; readonly password: string };
  readonly answer: Answer;
  /** Whether the connection stays open when a client says good-bye. @default false */
  readonly ignoresQuit?: boolean;
}

const STATS_CREDENTIAL = { user: 'stats', password: 'stats' };

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
  writeOk(args: object): void;
  writeError(error: { message: string; code: number }): void;
};

export async function startFakeAdmin(options: FakeAdminOptions): Promise<FakeAdmin> {
  const { credential = STATS_CREDENTIAL, answer, ignoresQuit = false } = options;
  const statements: string[] = [];
  const otherCommands: number[] = [];
  const sockets = new Set<Socket>();
  let quits = 0;
  const server = createServer(onConnection);

  function onConnection(client: Connection): void {
    const connection = client as ServerConnection;
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
    connection.on('quit', () => {
      quits++;
      if (!ignoresQuit) socket.end();
    });
    connection.on('query', onStatement);
    connection.on('stmt_prepare', onStatement);
  }

  const tcp = (server as unknown as { readonly _server: Server })._server;
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
  return {
    port: (tcp.address() as AddressInfo).port,
    statements,
    otherCommands,
    quits: () => quits,
    allGone: () => until('clients have hung up', () => sockets.size === 0),
    close: () =>
      new Promise((resolve) => {
        tcp.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Answers like a proxy in good health whose tables are empty; `missing` names tables that this version lacks. */
export function healthyAnswers({ version = '2.7.2-14-g5cc418b', missing = [] as readonly string[] } = {}): Answer {
  return (statement, exchange) => {
    const absent = missing.find((table) => statement.toLowerCase().includes(table));
    if (absent !== undefined) return exchange.error(`ProxySQL Admin Error: no such table: ${absent}`);
    if (statement === 'SELECT @@version') return exchange.rows(['@@version'], [[version]]);
    if (statement.includes('COUNT(*)')) {
      return exchange.rows(DIGEST_COLUMNS, [['1795342108', '62', '0', null, null, null, null, null, null]]);
    }
    if (statement.startsWith("SELECT 'global',")) {
      const columns = ['part', 'now', 'variable_name', 'variable_value'];
      return exchange.rows(columns, [['global', '1795342108', 'ProxySQL_Uptime', '62']]);
    }
    return exchange.rows(['column'], []);
  };
}

const DIGEST_COLUMNS = ['now', 'uptime', 'count', 'executions', 'time', 'affected', 'sent', 'oldest', 'packed'];

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
    ok: () => send(() => connection.writeOk({ affectedRows: 0 })),
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
