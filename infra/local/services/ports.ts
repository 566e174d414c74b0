import { createServer } from 'node:net';
import { ProxywatchError } from '@proxywatch/core/domain/errors';

const LOOPBACK = '127.0.0.1';

/** A port that is free on loopback at this moment. */
export function pickFreePort(): Promise<number> {
  return listenOnce(0);
}

/** Throws PORT_TAKEN, with the variable that changes the port, when something listens there. */
export async function assertPortFree(port: number, service: string, variable: string): Promise<void> {
  try {
    await listenOnce(port);
  } catch (error) {
    throw portError(port, service, variable, error);
  }
}

export function portTaken(port: number, service: string, variable: string, cause?: unknown): ProxywatchError {
  const message = `port ${port} of ${service} is taken: stop what listens there or choose another with ${variable}`;
  return new ProxywatchError('PORT_TAKEN', message, { cause });
}

function portError(port: number, service: string, variable: string, error: unknown): ProxywatchError {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return portTaken(port, service, variable, error);
  const message = `cannot listen on port ${port} of ${service} (${String(code)}): choose another with ${variable}`;
  return new ProxywatchError('SERVICE_START_FAILED', message, { cause: error });
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port));
    });
  });
}
