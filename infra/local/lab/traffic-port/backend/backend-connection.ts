import type { Socket } from 'node:net';
import { PacketSplitter } from '../wire/packet-splitter.ts';
import { commandPackets, STATUS_AUTOCOMMIT, STATUS_IN_TRANSACTION } from '../wire/packets.ts';
import { type Answer, type AnswerKind, ERR, ResponseReader } from '../wire/response-reader.ts';
import type { LoggedIn } from './connect.ts';

/** Takes the bytes of an answer as they come; returns false when it wants no more for now and calls `resume` later. */
export type AnswerSink = (chunk: Buffer, resume: () => void) => boolean;

export class ConnectionLost extends Error {}

// Enough of a packet for every status, count and message; rows are passed on without being kept.
const HEAD_BYTES = 4096;
const NOTHING = Buffer.alloc(0);

interface Running {
  readonly reader: ResponseReader;
  readonly splitter: PacketSplitter;
  readonly sink: AnswerSink | undefined;
  /** What has come in and is not passed on, since it may be the beginning of an error. */
  held: Buffer;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** One connection to a back end that runs one command at a time. */
export class BackendConnection {
  readonly threadId: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** What was set on this connection: assignments by variable, and the schema. */
  readonly settings = new Map<string, string>();
  /** Statement ids of this connection by SQL text. */
  readonly statements = new Map<string, number>();
  schema = '';
  statusFlags = STATUS_AUTOCOMMIT;
  questions = 0;
  bytesSent = 0;
  bytesReceived = 0;
  readonly #socket: Socket;
  #running: Running | undefined;
  #onLost: () => void = () => undefined;

  constructor({ socket, threadId }: LoggedIn) {
    this.#socket = socket;
    this.threadId = threadId;
    this.localAddress = socket.localAddress ?? '';
    this.localPort = socket.localPort ?? 0;
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('close', () => this.#onClose());
  }

  get alive(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  get inTransaction(): boolean {
    return (this.statusFlags & STATUS_IN_TRANSACTION) !== 0;
  }

  /** Called once when the connection ends, busy or idle. */
  onLost(listener: () => void): void {
    this.#onLost = listener;
  }

  /**
   * Sends a command and reads its answer. The sink gets all of it but an error, which is only in the result. Throws
   * ConnectionLost when the back end hangs up first.
   */
  run(payload: Buffer, kind: AnswerKind = 'result', sink?: AnswerSink): Promise<Answer> {
    if (!this.alive) return Promise.reject(new ConnectionLost('connection to the back end is closed'));
    const bytes = commandPackets(payload);
    this.questions += 1;
    this.bytesSent += bytes.length;
    this.#socket.write(bytes);
    const reader = new ResponseReader(kind);
    if (kind === 'none') return Promise.resolve(reader.answer());
    const splitter = new PacketSplitter(
      (head, length, sequence) => reader.onPacket(head, length, sequence),
      HEAD_BYTES,
    );
    return new Promise((resolve, reject) => {
      this.#running = { reader, splitter, sink, held: NOTHING, resolve, reject };
    });
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    this.bytesReceived += chunk.length;
    const running = this.#running;
    if (running === undefined) {
      // Nobody asked: the server says that it is going (1927, 4031) or the answer was given up.
      this.#socket.destroy();
      return;
    }
    running.splitter.push(chunk);
    const answer = running.reader.answer();
    this.#passOn(running, chunk, answer);
    if (!running.reader.done) return;
    this.#running = undefined;
    if (answer.statusFlags !== undefined) this.statusFlags = answer.statusFlags;
    running.resolve(answer);
  }

  #passOn(running: Running, chunk: Buffer, answer: Answer): void {
    const { reader, splitter, sink } = running;
    const bytes = running.held.length === 0 ? chunk : Buffer.concat([running.held, chunk]);
    const kept = answer.error === undefined ? splitter.pendingBytesOf(ERR) : answer.errorBytes;
    running.held = bytes.subarray(bytes.length - kept);
    if (bytes.length === kept) return;
    const goOn = sink?.(bytes.subarray(0, bytes.length - kept), () => this.#socket.resume());
    if (goOn === false && !reader.done) this.#socket.pause();
  }

  #onClose(): void {
    const running = this.#running;
    this.#running = undefined;
    running?.reject(new ConnectionLost('the back end closed the connection'));
    this.#onLost();
  }
}
