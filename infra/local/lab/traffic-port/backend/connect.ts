import { connect as connectSocket, type Socket } from 'node:net';
import mysql from 'mysql2';
import type { WireError } from '../wire/packets.ts';

export interface BackendLogin {
  readonly user: string;
  /** Clear text, or what a client proved to know of a password that is stored hashed. */
  readonly password: string | { readonly sha1: Buffer };
  /** Character set number of the client's own log-in. */
  readonly charset: number;
  /** Whether the client counts matched rather than changed rows. */
  readonly foundRows: boolean;
}

export interface BackendAddress {
  readonly host: string;
  readonly port: number;
}

/** Of MySQL's clients, for a server that nobody reached. */
export const UNREACHABLE_ERRNO = 2002;

/** A logged-in connection, authenticated by mysql2 and then handed over as a bare stream. */
export interface LoggedIn {
  readonly socket: Socket;
  readonly threadId: number;
}

/** The back end answered the log-in with an error: it lives, and refuses. */
export class BackendRefusal extends Error {
  readonly wire: WireError;

  constructor(wire: WireError) {
    super(wire.message);
    this.wire = wire;
  }
}

// Answers must fit clients that never asked for the newer protocol's additions, and one command is one statement.
const FLAGS = [
  '-SESSION_TRACK',
  '-LOCAL_FILES',
  '-MULTI_STATEMENTS',
  '-IGNORE_SPACE',
  '-ODBC',
  '-CLIENT_QUERY_ATTRIBUTES',
  'PS_MULTI_RESULTS',
];

/** Throws BackendRefusal when the server says no, any other error when it cannot be reached within `timeoutMs`. */
export function connectBackend(address: BackendAddress, login: BackendLogin, timeoutMs: number): Promise<LoggedIn> {
  const socket = connectSocket({ host: address.host, port: address.port, noDelay: true });
  socket.once('data', hideExtendedMetadata);
  const { password } = login;
  const connection = mysql.createConnection({
    stream: socket,
    user: login.user,
    ...(typeof password === 'string' ? { password } : asBytes(password.sha1)),
    charsetNumber: login.charset,
    connectTimeout: timeoutMs,
    flags: [...FLAGS, login.foundRows ? 'FOUND_ROWS' : '-FOUND_ROWS'],
  });
  return new Promise((resolve, reject) => {
    // Stays as the listener of later errors too, which reach the taken-over socket as its end.
    connection.on('error', (error: Error) => {
      socket.destroy();
      reject(refusalOf(error) ?? error);
    });
    connection.once('connect', () => {
      socket.removeAllListeners('data');
      resolve({ socket, threadId: connection.threadId });
    });
  });
}

// Declared as text, but only bytes work.
function asBytes(passwordSha1: Buffer): object {
  return { passwordSha1 };
}

// mysql2 asks for MariaDB's extended metadata whenever it is offered, but the column definitions are passed on to
// clients that did not ask for it. The offer stands in 4 bytes of the greeting, before mysql2 sees them.
function hideExtendedMetadata(greeting: Buffer): void {
  const versionEnd = greeting.indexOf(0, 5);
  // Thread id, scramble, NUL, capabilities, charset, status, capabilities, scramble length, 6 unused bytes.
  const offer = versionEnd + 1 + 4 + 8 + 1 + 2 + 1 + 2 + 2 + 1 + 6;
  if (versionEnd > 0 && offer + 4 <= greeting.length) greeting.fill(0, offer, offer + 4);
}

function refusalOf(error: Error & { errno?: unknown; sqlState?: unknown; sqlMessage?: unknown }): Error | undefined {
  // Errors of the operating system have negative numbers and no SQL state.
  if (typeof error.errno !== 'number' || error.errno <= 0 || typeof error.sqlMessage !== 'string') return undefined;
  const sqlState = typeof error.sqlState === 'string' && error.sqlState.length === 5 ? error.sqlState : 'HY000';
  return new BackendRefusal({ errno: error.errno, sqlState, message: error.sqlMessage });
}
