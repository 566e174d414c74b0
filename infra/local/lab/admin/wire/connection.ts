import type { Socket } from 'node:net';
import { messageOf } from '@proxywatch/core/domain/errors';
import mysql from 'mysql2';
import type { LoginAttempt } from './login.ts';
import { PacketWriter } from './packet-writer.ts';
import { ok, type Reply, statementError, writeReply } from './reply.ts';

/** A client that has logged in. */
export interface Session {
  statement(text: string): Reply | Promise<Reply>;
}

export interface WireHandlers {
  /** Version in the greeting, `mysql-server_version`. */
  serverVersion(): string;
  /** `undefined` denies the log-in. */
  logIn(attempt: LoginAttempt, address: string): Session | undefined;
  log(line: string): void;
}

/** mysql2's server side, as far as we need it; the published types describe the client side only. */
interface ServerSide {
  sequenceId: number;
  serverHandshake(options: object): void;
  _resetSequenceId(): void;
  on(event: string, listener: (...details: never[]) => void): void;
}
interface Packet {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}
interface Credentials {
  readonly user: string;
  readonly authPluginData1: Buffer;
  readonly authPluginData2: Buffer;
  readonly authToken: Buffer;
}

const COMMAND = { QUIT: 1, INIT_DB: 2, QUERY: 3, PING: 14, CHANGE_USER: 17, STMT_CLOSE: 25, RESET: 31 } as const;
// Long password and flag, connect with database, protocol 4.1, transactions, secure connection, multiple results, plugin.
const CAPABILITIES = 0x000aa20d;
const NOT_SUPPORTED: Reply = { kind: 'error', message: 'Command not supported' };

/**
 * Serves one client. mysql2 frames packets and does the greeting; replies are ours (see PacketWriter), and so is the
 * choice of the handler: mysql2 would hand a textual SET to the handler of prepared statements.
 */
export function serveConnection(socket: Socket, connectionId: number, handlers: WireHandlers): void {
  const client = mysql.createConnection({ stream: socket, isServer: true }) as unknown as ServerSide;
  let session: Session | undefined;
  // One command at a time, in order: a client may send the next while PROXYSQL STOP is still being answered.
  let previous: Promise<void> = Promise.resolve();

  // Without listeners of its own, mysql2 answers these by itself.
  for (const event of ['query', 'ping', 'quit', 'init_db', 'field_list', 'stmt_prepare', 'stmt_execute']) {
    client.on(event, () => undefined);
  }
  client.on('error', (error: unknown) => {
    if (!socket.destroyed) handlers.log(`admin connection ${connectionId} ended: ${messageOf(error)}`);
    socket.destroy();
  });
  client.on('packet', (packet: Packet, _known: boolean, command: number) => {
    const text = packet.buffer.toString('utf8', packet.start + 5, packet.end);
    const sequence = client.sequenceId;
    client._resetSequenceId();
    previous = previous.then(async () => send(sequence, await replyTo(command, text)));
  });
  client.serverHandshake({
    protocolVersion: 10,
    serverVersion: handlers.serverVersion(),
    connectionId,
    statusFlags: 2,
    characterSet: 33,
    capabilityFlags: CAPABILITIES,
    authCallback: (credentials: Credentials) => {
      const seed = Buffer.concat([credentials.authPluginData1, credentials.authPluginData2]);
      const { user, authToken: token } = credentials;
      const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
      session = handlers.logIn({ user, seed, token }, address);
      // The greeting had packet 0 and the client's reply 1.
      send(2, session === undefined ? denied(user, address, token.length > 0) : ok());
      client._resetSequenceId();
      if (session === undefined) socket.end();
    },
  });

  async function replyTo(command: number, text: string): Promise<Reply | undefined> {
    if (session === undefined || command === COMMAND.QUIT) return { kind: 'hangUp', reason: '' };
    if (command === COMMAND.PING || command === COMMAND.INIT_DB || command === COMMAND.RESET) return ok();
    // A recorded ProxySQL never answers a change of user; a closed statement has no answer in any MySQL.
    if (command === COMMAND.CHANGE_USER || command === COMMAND.STMT_CLOSE) return undefined;
    if (command !== COMMAND.QUERY) return NOT_SUPPORTED;
    try {
      return await session.statement(text);
    } catch (error) {
      handlers.log(`admin statement failed: ${messageOf(error)}`);
      return statementError(messageOf(error));
    }
  }

  function send(sequence: number, reply: Reply | undefined): void {
    if (reply === undefined || socket.destroyed) return;
    if (reply.kind === 'hangUp') {
      if (reply.reason !== '') handlers.log(`admin connection ${connectionId} dropped: ${reply.reason}`);
      socket.destroy();
      return;
    }
    socket.cork();
    writeReply(new PacketWriter((chunk) => socket.write(chunk), sequence), reply);
    socket.uncork();
  }
}

function denied(user: string, address: string, withPassword: boolean): Reply {
  const using = withPassword ? 'YES' : 'NO';
  return {
    kind: 'error',
    message: `ProxySQL Error: Access denied for user '${user}'@'${address}' (using password: ${using})`,
  };
}
