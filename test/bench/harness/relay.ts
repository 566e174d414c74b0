import { connect, createServer, type Socket } from 'node:net';

/** Stands between a client and a server on loopback, and sees what passes. */
export interface Relay {
  readonly port: number;
  /** What passed since the last call. */
  take(): Passed;
  close(): Promise<void>;
}

export interface Passed {
  /** Both ways. */
  readonly bytes: number;
  /** From each question to the end of its answer, as the client waits for it. */
  readonly busyMs: number;
}

export async function startRelay(targetPort: number): Promise<Relay> {
  let bytes = 0;
  let busyMs = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1');
    let askedMs: number | undefined;
    let countedMs = 0;
    client.on('data', (chunk) => {
      bytes += chunk.length;
      // Anything after an answer is another question.
      if (askedMs === undefined || countedMs > askedMs) askedMs = performance.now();
    });
    upstream.on('data', (chunk) => {
      bytes += chunk.length;
      if (askedMs === undefined) return;
      const nowMs = performance.now();
      busyMs += nowMs - Math.max(askedMs, countedMs);
      countedMs = nowMs;
    });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay();
      socket.on('error', () => other.destroy());
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    take() {
      const passed = { bytes, busyMs };
      [bytes, busyMs] = [0, 0];
      return passed;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
