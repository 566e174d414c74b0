import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { ProxywatchError } from '@proxywatch/core/domain/errors';

const LOOPBACK = '127.0.0.1';
/** Where ports are picked: above those that are known by number, below those that the kernel hands out (mostly 32768 up). */
const LOWEST_PICKED = 20_000;
const PICK_ATTEMPTS = 50;
const ONE_PORT = [0];

/** A port that is free on loopback, and stays this process's: see `pickFreePorts`. */
export function pickFreePort(random?: () => number): Promise<number> {
  return pickFreePorts(ONE_PORT, random);
}

/**
 * A port such that all at these offsets from it are free on loopback. None of them is picked again as long as this process
 * lives, by it or any other on this machine: between the picking and the listening there are seconds, and a server that is
 * started again comes back to its port. None is one that the kernel hands out, which any outgoing connection may be given.
 */
export async function pickFreePorts(offsets: readonly number[], random: () => number = Math.random): Promise<number> {
  const width = lowestKernelPort() - LOWEST_PICKED - Math.max(...offsets);
  for (let attempt = 0; attempt < PICK_ATTEMPTS; attempt += 1) {
    const base = width > 0 ? LOWEST_PICKED + Math.floor(random() * width) : await listenOnce(0);
    if (await reserveAll(offsets.map((offset) => base + offset))) return base;
  }
  throw new ProxywatchError('PORT_TAKEN', `found no free ports at the offsets ${offsets} in ${PICK_ATTEMPTS} attempts`);
}

async function reserveAll(ports: readonly number[]): Promise<boolean> {
  const held: Server[] = [];
  for (const port of ports) {
    const reservation = await reserve(port);
    if (reservation) held.push(reservation);
    if (reservation && (await isPortFree(port))) continue;
    for (const server of held) server.close();
    return false;
  }
  return true;
}

/**
 * A name that one process on this machine can have: an abstract socket, which leaves no file and ends with its process
 * however that ends. Undefined when somebody has it. Where a system knows no such sockets, nobody does.
 */
function reserve(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer().unref();
    server.once('error', (error) => resolve(codeOf(error) === 'EADDRINUSE' ? undefined : server));
    server.listen(`\0proxywatch/port/${port}`, () => resolve(server));
  });
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
  const code = codeOf(error);
  if (code === 'EADDRINUSE') return portTaken(port, service, variable, error);
  const message = `cannot listen on port ${port} of ${service} (${String(code)}): choose another with ${variable}`;
  return new ProxywatchError('SERVICE_START_FAILED', message, { cause: error });
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
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
