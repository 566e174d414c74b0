import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

export interface ProducedBatch {
  readonly topic: string;
  readonly acks: number;
  readonly isGzip: boolean;
  readonly records: number;
}

export interface CreatedTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly replicas: number;
  readonly config: Readonly<Record<string, string>>;
}

export interface FakeKafka {
  readonly address: string;
  /** In the order in which clients had them created. */
  readonly created: CreatedTopic[];
  readonly batches: ProducedBatch[];
  /** What clients logged in with, as OAUTHBEARER sends it. */
  readonly logins: string[];
  close(): Promise<void>;
}

export interface FakeKafkaOptions {
  /** Kafka's error code for a batch; 0 takes it. */
  readonly judge?: (batch: ProducedBatch) => number;
  /** Topics that are there from the start, in the answer to who asks for all. */
  readonly topics?: readonly string[];
  /** Kafka's error code for a topic that is to be created; 0 creates it. */
  readonly judgeTopic?: (topic: CreatedTopic) => number;
  readonly tls?: TlsOptions;
  /** Refuses logins. */
  readonly refusesLogins?: boolean;
}

const API = { produce: 0, metadata: 3, saslHandshake: 17, apiVersions: 18, createTopics: 19, saslAuthenticate: 36 };
/** The one version of each that the broker knows. */
const VERSIONS = [
  [API.produce, 3],
  [API.metadata, 1],
  [API.saslHandshake, 1],
  [API.apiVersions, 0],
  [API.createTopics, 0],
  [API.saslAuthenticate, 0],
] as const;
const SASL_AUTHENTICATION_FAILED = 58;
const TOPIC_ALREADY_EXISTS = 36;

/** One broker with one partition of each topic: just enough of the protocol to say what a real one cannot be made to say. */
export async function startFakeKafka(options: FakeKafkaOptions = {}): Promise<FakeKafka> {
  const batches: ProducedBatch[] = [];
  const logins: string[] = [];
  const created: CreatedTopic[] = [];
  const sockets = new Set<Socket>();
  const serve = (socket: Socket) => {
    sockets.add(socket.on('error', () => {}));
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        const end = 4 + received.readInt32BE(0);
        answer(socket, new Reader(received.subarray(4, end)));
        received = received.subarray(end);
      }
    });
  };
  const server: Server = options.tls ? createTlsServer(options.tls, serve) : createServer(serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  const { port } = bound;

  function answer(socket: Socket, request: Reader): void {
    const [apiKey, apiVersion, correlationId] = [request.int16(), request.int16(), request.int32()];
    request.string();
    const body = bodyOf(apiKey, apiVersion, request);
    const head = Buffer.alloc(8);
    head.writeInt32BE(4 + body.length, 0);
    head.writeInt32BE(correlationId, 4);
    socket.write(Buffer.concat([head, body]));
  }

  function bodyOf(apiKey: number, apiVersion: number, request: Reader): Buffer {
    switch (apiKey) {
      case API.apiVersions:
        // A version that it does not know is answered in the oldest form, with an error.
        return parts(
          int16(apiVersion === 0 ? 0 : 35),
          list(VERSIONS, ([key, v]) => parts(int16(key), int16(v), int16(v))),
        );
      case API.saslHandshake:
        return parts(int16(0), list(['OAUTHBEARER'], string));
      case API.saslAuthenticate:
        logins.push(request.bytes().toString());
        return parts(int16(options.refusesLogins ? SASL_AUTHENTICATION_FAILED : 0), string('go away'), int32(0));
      case API.metadata: {
        const asked = request.optionalList(() => request.string());
        const topics = asked ?? [...(options.topics ?? []), ...created.map(({ topic }) => topic)];
        const broker = parts(int32(0), string('127.0.0.1'), int32(port), int16(-1));
        const ids = list([0], int32);
        const partition = parts(int16(0), int32(0), int32(0), ids, ids);
        const topic = (name: string) =>
          parts(
            int16(0),
            string(name),
            Buffer.of(0),
            list([partition], (part) => part),
          );
        return parts(
          list([broker], (part) => part),
          int32(0),
          list(topics, topic),
        );
      }
      case API.createTopics: {
        const wanted = request.list(() => {
          const [topic, partitions, replicas] = [request.string(), request.int32(), request.int16()];
          request.list(() => [request.int32(), request.list(() => request.int32())]);
          const config = Object.fromEntries(request.list(() => [request.string(), request.string()]));
          return { topic, partitions, replicas, config };
        });
        return list(wanted, (topic) => {
          const isThere = [...(options.topics ?? []), ...created.map((one) => one.topic)].includes(topic.topic);
          const code = options.judgeTopic?.(topic) ?? (isThere ? TOPIC_ALREADY_EXISTS : 0);
          if (code === 0) created.push(topic);
          return parts(string(topic.topic), int16(code));
        });
      }
      case API.produce: {
        request.string();
        const [acks] = [request.int16(), request.int32()];
        const produced = request.list(() => ({
          topic: request.string(),
          sets: request.list(() => ({ partition: request.int32(), set: request.bytes() })),
        }));
        const answers = list(produced, ({ topic, sets }) =>
          parts(
            string(topic),
            list(sets, ({ partition, set }) => {
              // Of the format of record batches: attributes stand at byte 21, the number of records at byte 57.
              const isGzip = (set.readInt16BE(21) & 7) === 1;
              const batch = { topic, acks, isGzip, records: set.readInt32BE(57) };
              batches.push(batch);
              return parts(int32(partition), int16(options.judge?.(batch) ?? 0), int64(0), int64(-1));
            }),
          ),
        );
        return parts(answers, int32(0));
      }
      default:
        throw new Error(`unexpected API ${apiKey}`);
    }
  }

  return {
    address: `127.0.0.1:${port}`,
    batches,
    logins,
    created,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  string(): string {
    return this.#take(this.int16()).toString();
  }

  bytes(): Buffer {
    return this.#take(this.int32());
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: Math.max(0, this.int32()) }, read);
  }

  /** `undefined` for one that is null. */
  optionalList<T>(read: () => T): T[] | undefined {
    const length = this.int32();
    return length < 0 ? undefined : Array.from({ length }, read);
  }

  #take(length: number): Buffer {
    const end = this.#at + Math.max(0, length);
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}

function parts(...given: readonly Buffer[]): Buffer {
  return Buffer.concat(given);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

function string(text: string): Buffer {
  return parts(int16(Buffer.byteLength(text)), Buffer.from(text));
}

function list<T>(values: readonly T[], write: (value: T) => Buffer): Buffer {
  return parts(int32(values.length), ...values.map(write));
}
