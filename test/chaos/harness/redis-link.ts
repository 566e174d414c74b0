import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface RedisLinkOptions {
  /** Where Redis listens now. */
  readonly port: () => number;
  /** Hears of each reply to a write of history, before it is passed on. */
  readonly onReply: (reply: 'saved' | 'fenced') => void;
}

/** The way between one gateway and Redis: it can be slow, broken, or hold everything back and deliver it late. */
export interface RedisLink {
  readonly port: number;
  /** Every chunk is passed on so much later. */
  delayMs: number;
  /** Connections break, and new ones too. */
  cut(): void;
  /** Nothing passes any more, in either direction, and nobody is told. */
  hold(): void;
  /** Passes everything on again; what was held back is delivered even if its sender has given up. */
  open(): void;
  close(): Promise<void>;
}

const REPLY = /\r\n(saved|fenced)\r\n/g;
const LONGEST_REPLY = '\r\nfenced\r\n'.length;

export async function startRedisLink({ port, onReply }: RedisLinkOptions): Promise<RedisLink> {
  let mode: 'open' | 'cut' | 'held' = 'open';
  const pipes = new Set<Pipe>();
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    if (mode === 'cut') return void client.destroy();
    const redis = connect({ host: '127.0.0.1', port: port(), noDelay: true });
    join(client, redis);
    join(redis, client, createReplyReader(onReply));
  });

  function join(from: Socket, to: Socket, onChunk: (chunk: Buffer) => void = () => undefined): void {
    const pipe = new Pipe(to, link, () => mode === 'held');
    pipes.add(pipe);
    sockets.add(from);
    from.on('data', (chunk: Buffer) => {
      onChunk(chunk);
      pipe.push(chunk);
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      sockets.delete(from);
      pipe.end();
    });
    to.on('close', () => pipes.delete(pipe));
  }

  const link = {
    port: 0,
    delayMs: 0,
    cut() {
      mode = 'cut';
      for (const socket of sockets) socket.destroy();
    },
    hold() {
      mode = 'held';
    },
    open() {
      mode = 'open';
      for (const pipe of pipes) pipe.pump();
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      link.cut();
      await closed;
    },
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  link.port = (server.address() as AddressInfo).port;
  return link;
}

/** One direction of one connection. */
class Pipe {
  readonly #to: Socket;
  readonly #link: { readonly delayMs: number };
  readonly #isHeld: () => boolean;
  readonly #queue: { readonly chunk: Buffer | 'end'; readonly dueMs: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(to: Socket, link: { readonly delayMs: number }, isHeld: () => boolean) {
    this.#to = to;
    this.#link = link;
    this.#isHeld = isHeld;
  }

  push(chunk: Buffer | 'end'): void {
    this.#queue.push({ chunk, dueMs: performance.now() + this.#link.delayMs });
    this.pump();
  }

  end(): void {
    this.push('end');
  }

  pump(): void {
    clearTimeout(this.#timer);
    while (!this.#isHeld()) {
      const [head] = this.#queue;
      if (!head) return;
      const waitMs = head.dueMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.pump(), waitMs);
        return;
      }
      this.#queue.shift();
      if (head.chunk === 'end') this.#to.end();
      else if (this.#to.writable) this.#to.write(head.chunk);
    }
  }
}

/** Finds replies also where they are spread over two chunks. */
function createReplyReader(onReply: RedisLinkOptions['onReply']): (chunk: Buffer) => void {
  let tail = '';
  return (chunk) => {
    const text = tail + chunk.toString('latin1');
    let end = 0;
    for (const match of text.matchAll(REPLY)) {
      onReply(match[1] === 'saved' ? 'saved' : 'fenced');
      end = match.index + match[0].length;
    }
    tail = text.slice(Math.max(end, text.length - LONGEST_REPLY));
  };
}
