import type { Socket } from 'node:net';
import { PacketSplitter } from '../wire/packet-splitter.ts';

export interface CommandStreamOptions {
  /** Bytes of one command; a longer one ends the stream with `onTooLong`. */
  readonly maxCommandBytes: () => number;
  /** Runs one command to its end; the next one waits. */
  readonly onCommand: (payload: Buffer) => Promise<void>;
  readonly onTooLong: () => void;
  readonly onBytes: (count: number) => void;
}

// A client that sends ahead is not read further until its commands have run.
const MAX_WAITING_COMMANDS = 16;

/** Reads a client's commands from its socket and runs them one after the other. */
export function readCommands(socket: Socket, options: CommandStreamOptions): void {
  const waiting: Buffer[] = [];
  let running = false;

  const splitter = new PacketSplitter((payload) => {
    waiting.push(payload);
    if (waiting.length > MAX_WAITING_COMMANDS) socket.pause();
    if (!running) void runAll();
  });

  async function runAll(): Promise<void> {
    running = true;
    for (let payload = waiting.shift(); payload !== undefined && !socket.destroyed; payload = waiting.shift()) {
      await options.onCommand(payload);
      // A client that does not read its answers gets no further ones.
      if (socket.writableNeedDrain) await drained(socket);
      if (waiting.length === 0) socket.resume();
    }
    running = false;
  }

  socket.on('data', (chunk: Buffer) => {
    options.onBytes(chunk.length);
    splitter.push(chunk);
    if (splitter.keptBytes > options.maxCommandBytes()) options.onTooLong();
  });
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}
