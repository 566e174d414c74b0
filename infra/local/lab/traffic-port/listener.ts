import { createServer, type Socket } from 'node:net';
import { ProxywatchError } from '@proxywatch/core/domain/errors';

export interface Listener {
  readonly port: number;
  /** Resolves when nobody listens any more; open sockets are the caller's. */
  close(): Promise<void>;
}

/** Listens on a port, 0 for a free one. Errors: PORT_TAKEN, SERVICE_START_FAILED. */
export function listen(host: string, port: number, onSocket: (socket: Socket) => void): Promise<Listener> {
  const server = createServer({ noDelay: true }, onSocket);
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const code = cause.code === 'EADDRINUSE' ? 'PORT_TAKEN' : 'SERVICE_START_FAILED';
      reject(new ProxywatchError(code, `cannot listen for clients on ${host}:${port}: ${cause.message}`, { cause }));
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      // Accepting can fail later, for want of descriptors; the next client may have more luck.
      server.on('error', () => undefined);
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : port,
        close: () => new Promise((closed) => server.close(() => closed())),
      });
    });
  });
}
