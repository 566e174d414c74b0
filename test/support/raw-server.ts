import { type AddressInfo, createServer, type Socket } from 'node:net';
import { until } from './until.ts';

/** A TCP server that does with a connection whatever a test says. */
export interface RawServer {
  readonly port: number;
  /** Waits until no client is connected any more. */
  allGone(): Promise<void>;
  close(): Promise<void>;
}

export async function startRawServer(onConnection: (socket: Socket) => void): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    // A socket that nobody reads never sees the other end hang up.
    socket.resume();
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    allGone: () => until('clients have hung up', () => sockets.size === 0),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
