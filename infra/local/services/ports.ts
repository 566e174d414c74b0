import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { ProxywatchError } from '@proxywatch/core/domain/errors';

const LOOPBACK = '127.0.0.1';
/** Where ports are picked: above those that are known by number, below those that the kernel hands out (mostly 32768 up). */
const LOWEST_PICKED = 20_000;
const PICK_ATTEMPTS = 50;

/**
 * A port that is free on loopback at this moment. Not one of those that the kernel hands out: any outgoing connection may
 * be given such a port before whoever picked it listens there, or while he is restarted.
 */
export async function pickFreePort(random: () => number = Math.random): Promise<number> {
  const width = lowestKernelPort() - LOWEST_PICKED;
  for (let attempt = 0; attempt < PICK_ATTEMPTS && width > 0; attempt += 1) {
    const port = LOWEST_PICKED + Math.floor(random() * width);
    if (await isPortFree(port)) return port;
  }
  return listenOnce(0);
}

/** True if nothing listens there on loopback, and this process may. */
export function isPortFree(port: number): Promise<boolean> {
  return listenOnce(port).then(
    () => true,
    () => false,
  );
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

/** The lowest port that an outgoing connection, or whoever listens on port 0, may be given. */
function lowestKernelPort(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/)[0]);
  } catch {
    return LOWEST_PICKED;
  }
}
