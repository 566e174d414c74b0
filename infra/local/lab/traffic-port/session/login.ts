import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import mysql from 'mysql2';
import type { BackendLogin } from '../backend/connect.ts';

/** What a client says of itself when it logs in. */
export interface LoginAttempt {
  readonly user: string;
  readonly schema: string | undefined;
  readonly charset: number;
  /** Whether affected rows are to be matched rather than changed ones. */
  readonly foundRows: boolean;
  readonly seed: Buffer;
  /** Proof of the password by mysql_native_password; empty for an empty password. */
  readonly token: Buffer;
}

export interface Greeting {
  readonly serverVersion: string;
  readonly sessionId: number;
}

interface ServerSide {
  serverHandshake(options: object): void;
  on(event: 'error', listener: (error: Error) => void): void;
  readonly clientHelloReply?: { readonly charsetNumber: number; readonly clientFlags: number };
}

interface Credentials {
  readonly user: string;
  readonly database?: string;
  readonly authPluginData1: Buffer;
  readonly authPluginData2: Buffer;
  readonly authToken: Buffer;
}

const FOUND_ROWS = 0x02;
// Long password, found rows, long flag, connect with database, protocol 4.1, transactions, secure connection, multiple
// results (of prepared statements too), plugin, session tracking (nothing is ever tracked, but only so does mysql2 read
// the info of an OK packet rightly). No compression, TLS, local files, several statements in one command.
const CAPABILITIES = 0x008ea20f;
const UTF8 = 33;

/**
 * Greets a client and reads its log-in with mysql2, then leaves the bare stream to the caller, who answers with packet
 * 2. Rejects when the client hangs up, talks nonsense or is silent for mysql2's 10 s.
 */
export function readLogin(socket: Socket, { serverVersion, sessionId }: Greeting): Promise<LoginAttempt> {
  const client = mysql.createConnection({ stream: socket, isServer: true }) as unknown as ServerSide;
  return new Promise((resolve, reject) => {
    client.on('error', (error) => {
      socket.destroy();
      reject(error);
    });
    socket.once('close', () => reject(new Error('client left during the log-in')));
    client.serverHandshake({
      protocolVersion: 10,
      serverVersion,
      connectionId: sessionId,
      statusFlags: 2,
      characterSet: UTF8,
      capabilityFlags: CAPABILITIES,
      authCallback(credentials: Credentials) {
        socket.removeAllListeners('data');
        const { user, database, authPluginData1, authPluginData2, authToken } = credentials;
        resolve({
          user,
          schema: database === '' ? undefined : database,
          charset: client.clientHelloReply?.charsetNumber ?? UTF8,
          foundRows: ((client.clientHelloReply?.clientFlags ?? 0) & FOUND_ROWS) !== 0,
          seed: Buffer.concat([authPluginData1, authPluginData2]),
          token: Buffer.from(authToken),
        });
      },
    });
  });
}

const HASHED = /^\*([0-9A-F]{40})$/i;

/**
 * Checks the proof against a stored password, clear or `*`-hashed; answers with what the proxy can log in with itself.
 * From the proof of a hashed password SHA1(password) follows, which is enough for the back end.
 */
export function verifyPassword({ seed, token }: LoginAttempt, stored: string): BackendLogin['password'] | undefined {
  const hash = HASHED.exec(stored)?.[1];
  if (stored === '' || token.length === 0) return stored === '' && token.length === 0 ? '' : undefined;
  const stage2 = hash === undefined ? sha1(sha1(Buffer.from(stored))) : Buffer.from(hash, 'hex');
  const mask = sha1(Buffer.concat([seed, stage2]));
  const stage1 = Buffer.from(token.map((byte, i) => byte ^ (mask[i] ?? 0)));
  if (!sha1(stage1).equals(stage2)) return undefined;
  return hash === undefined ? stored : { sha1: stage1 };
}

function sha1(data: Buffer): Buffer {
  return createHash('sha1').update(data).digest();
}
