import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { ISocketFactory, Kafka } from 'kafkajs';
import type { Log } from '../../ports/log.ts';
import { kafkaLogOf } from './kafka-log.ts';
import { fetchMskToken } from './msk-iam.ts';

export interface KafkaClientOptions {
  /** `host:port` of some brokers; they tell of the others. */
  readonly brokers: readonly string[];
  /** TLS, with options for it if need be. @default false, but true with `iam` */
  readonly ssl?: boolean | ConnectionOptions;
  /** Logs in to MSK with the credentials of this process. */
  readonly iam?: { readonly region: string };
  /** @default 3000 */
  readonly connectTimeoutMs?: number;
  /** @default 10000 */
  readonly requestTimeoutMs?: number;
  /** Attempts after the first, for each of the client's steps. @default 4 */
  readonly retries?: number;
  /** Whether it is for a consumer, which has to be watched: see `kafkaLogOf`. @default false */
  readonly consumes?: boolean;
  readonly log: Log;
}

export interface KafkaClient {
  readonly kafka: Kafka;
  /** Breaks all connections, and lets no new one come up: what still runs fails. */
  destroy(): void;
}

const KEEP_ALIVE_MS = 60_000;
/** Pauses between the attempts: 100 ms, 200 ms, … */
const RETRY = { initialRetryTime: 100, maxRetryTime: 1_000, factor: 0.2, multiplier: 2 };

/** A client of the Kafka cluster; it connects nowhere yet. kafkajs is loaded by the first one. */
export async function createKafkaClient(options: KafkaClientOptions): Promise<KafkaClient> {
  const { brokers, iam, ssl = iam !== undefined, log } = options;
  const { connectTimeoutMs = 3_000, requestTimeoutMs = 10_000, retries = 4, consumes = false } = options;
  const { Kafka, logLevel } = await import('kafkajs');
  const sockets = new Set<Socket>();
  let isDestroyed = false;

  const socketFactory: ISocketFactory = ({ host, port, ssl: tls, onConnect }) => {
    if (isDestroyed) throw new Error('the client is closed');
    const socket = tls ? connectTls(tlsOptionsOf(host, port, tls), onConnect) : connectTcp({ host, port }, onConnect);
    sockets.add(socket.setKeepAlive(true, KEEP_ALIVE_MS));
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };

  const kafka = new Kafka({
    clientId: 'proxywatch',
    // A client that was closed while it connected asks for the brokers again, and again: it is left waiting.
    brokers: () => (isDestroyed ? new Promise(() => {}) : [...brokers]),
    ssl,
    ...(iam && { sasl: { mechanism: 'oauthbearer', oauthBearerProvider: () => fetchMskToken(iam.region) } }),
    connectionTimeout: connectTimeoutMs,
    authenticationTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    retry: { ...RETRY, retries },
    socketFactory,
    logLevel: consumes ? logLevel.DEBUG : logLevel.WARN,
    logCreator: kafkaLogOf((event, fields) => {
      if (!isDestroyed) log.warn(event, fields);
    }),
  });

  return {
    kafka,
    destroy() {
      isDestroyed = true;
      // With an error, since the client takes no notice of a connection that is only closed.
      for (const socket of sockets) socket.destroy(new Error('the client is closed'));
    },
  };
}

function tlsOptionsOf(host: string, port: number, options: ConnectionOptions): ConnectionOptions {
  return { host, port, ...(isIP(host) === 0 && { servername: host }), ...options };
}
