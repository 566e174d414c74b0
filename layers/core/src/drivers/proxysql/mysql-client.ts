import { connect, isIP, type Socket } from 'node:net';
import { type Connection, createConnection, type SslOptions } from 'mysql2';
import { ProxywatchError } from '../../domain/errors.ts';
import type { Credential } from '../../domain/proxy.ts';

export interface AdminTarget {
  readonly host: string;
  readonly port: number;
  readonly credential: Credential;
  /** Absent: no TLS. */
  readonly tls?: TlsOptions;
}

export interface TlsOptions {
  /** PEM of the authorities to trust instead of the system's, such as the one that ProxySQL makes for itself. */
  readonly ca?: string;
  /** @default true */
  readonly rejectUnauthorized?: boolean;
  /** Whether the certificate must name the host; of an address mysql2 cannot check that. @default true */
  readonly verifyIdentity?: boolean;
}

/** The socket is ours: mysql2's destroy() only half-closes its own, which would leave a hung proxy's socket behind. */
export interface MysqlClient {
  readonly connection: Connection;
  readonly socket: Socket;
}

/** Starts TCP, TLS and log-in, and nothing after them: no init statement, no time limit, no decoding of values. */
export function startMysqlClient({ host, port, credential, tls }: AdminTarget): MysqlClient {
  const socket = connect({ host, port, noDelay: true, keepAlive: true });
  const connection = createConnection({
    stream: () => socket,
    host,
    user: credential.user,
    password: credential.password,
    ...(tls && { ssl: sslOf(host, tls) }),
    connectTimeout: 0,
    flags: ['-LOCAL_FILES'],
    // Nothing is ever prepared, and room for 16,000 statements, the default, takes half a megabyte for each proxy.
    maxPreparedStatements: 1,
    rowsAsArray: true,
    typeCast: false,
    // Placeholders are escaped in MySQL's way, which is an injection in SQLite: a statement goes out as it is.
    queryFormat: (statement: string) => statement,
  });
  return { connection, socket };
}

interface PacketHandler {
  readonly sequenceId: number;
  handlePacket(packet?: { readonly sequenceId: number }): void;
}

/**
 * Makes mysql2 safe against an answer that is no MySQL protocol: it prints packets out of order to the console and reads
 * on, and some broken packets make it throw inside a socket event, which would end the process, some with a stack printed.
 */
export function guardPackets(connection: Connection, onProblem: (problem: ProxywatchError) => void): void {
  const handler = connection as unknown as PacketHandler;
  const handlePacket = handler.handlePacket.bind(handler);
  let broken = false;
  const stop = (message: string, cause?: unknown) => {
    broken = true;
    onProblem(new ProxywatchError('PROXY_PROTOCOL', message, { cause }));
  };
  handler.handlePacket = (packet) => {
    if (broken) return;
    if (packet !== undefined && packet.sequenceId !== handler.sequenceId) {
      return stop(`packet ${packet.sequenceId} arrived where ${handler.sequenceId} was expected`);
    }
    const { trace } = console;
    console.trace = () => undefined;
    try {
      handlePacket(packet);
    } catch (error) {
      stop('the answer is no MySQL protocol', error);
    } finally {
      console.trace = trace;
    }
  };
}

function sslOf(host: string, tls: TlsOptions): SslOptions {
  return {
    ...(tls.ca !== undefined && { ca: tls.ca }),
    rejectUnauthorized: tls.rejectUnauthorized ?? true,
    // For an address mysql2 would check the name `localhost`.
    verifyIdentity: isIP(host) === 0 && (tls.verifyIdentity ?? true),
  };
}
