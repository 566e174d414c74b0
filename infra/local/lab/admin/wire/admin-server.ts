import { createServer, type Server, type Socket } from 'node:net';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { serveConnection, type WireHandlers } from './connection.ts';

export interface AdminServer {
  readonly port: number;
  /** Drops every connection and resolves when the port is free. */
  close(): Promise<void>;
}

/** Listens for MySQL clients. Errors: PORT_TAKEN when another process has the port, SERVICE_START_FAILED otherwise. */
export async function listenForClients(
  address: { readonly host: string; readonly port: number },
  handlers: WireHandlers,
): Promise<AdminServer> {
  const sockets = new Set<Socket>();
  let nextConnectionId = 1;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.setNoDelay(true);
    serveConnection(socket, nextConnectionId++, handlers);
  });
  await listening(server, address);
  const bound = server.address();
  return {
    port: bound !== null && typeof bound === 'object' ? bound.port : address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function listening(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const code = cause.code === 'EADDRINUSE' ? 'PORT_TAKEN' : 'SERVICE_START_FAILED';
      reject(new ProxywatchError(code, `the admin interface cannot listen on ${host}:${port}`, { cause }));
    });
    server.listen(port, host, () => resolve());
  });
}
