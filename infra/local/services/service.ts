import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import { type Account, unprivilegedAccount } from './account.ts';
import { findBinary } from './binaries.ts';
import { type Child, type ChildOptions, describeExit, type Exit, startChild } from './child.ts';
import { assertPortFree, pickFreePort, portTaken } from './ports.ts';
import { guardPath, releasePath } from './watchdog.ts';

const READY_TIMEOUT_MS = 30_000;
const POLL_MS = 20;
const ADDRESS_IN_USE = /address (already )?in use/i;
/** Another process may take a free port between our look and the server's: then another one is tried. */
const PORT_ATTEMPTS = 3;

export interface ServiceOptions {
  /** Port on 127.0.0.1; 0 (default) takes a free one. */
  readonly port?: number;
  /** Data folder, kept at stop; without it a temporary one is made, and removed at stop. */
  readonly dir?: string;
  /** File to which the server's output is appended; default `log` in the data folder. */
  readonly log?: string;
  /** Gives up the start; a service that runs already is stopped by `stop` only. */
  readonly signal?: AbortSignal;
  readonly readyTimeoutMs?: number;
  /** More arguments for the server, after our own. */
  readonly args?: readonly string[];
}

export interface Service {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** The server's output, also that of a default log until `stop`. */
  readonly log: string;
  /** Settles when the server is gone, asked for or not. */
  readonly exited: Promise<Exit>;
  /** Ends the server within a bound and removes a temporary data folder. May be called more than once. */
  stop(): Promise<void>;
}

/** Where one start of a server lives. */
export interface Home {
  readonly dir: string;
  readonly port: number;
  readonly log: string;
  readonly account: Account | undefined;
}

export interface ServiceSpec {
  readonly name: string;
  readonly binary: string;
  /** Environment variable that changes the port, for messages. */
  readonly portVariable: string;
  /** System accounts to run as when we are root, best first. */
  readonly accounts: readonly string[];
  readonly holdInput?: boolean;
  /** Work in the data folder before the server starts. */
  prepare?(home: Home, signal: AbortSignal): Promise<void>;
  args(home: Home): readonly string[];
  /** The URL once the server answers; `undefined` or an error while it does not. */
  ready(home: Home, signal: AbortSignal): Promise<string | undefined>;
}

/** Starts a server as an unprivileged child on loopback. Throws PORT_TAKEN or SERVICE_START_FAILED, leaving nothing. */
export async function startService(spec: ServiceSpec, options: ServiceOptions = {}): Promise<Service> {
  const command = findBinary(spec.binary);
  const fixedPort = options.port ?? 0;
  if (fixedPort !== 0) await assertPortFree(fixedPort, spec.name, spec.portVariable);
  for (let attempt = 1; ; attempt += 1) {
    const port = fixedPort === 0 ? await pickFreePort() : fixedPort;
    try {
      return await startOnce(spec, options, command, port);
    } catch (error) {
      if (!ADDRESS_IN_USE.test(messageOf(error))) throw error;
      if (fixedPort !== 0) throw portTaken(fixedPort, spec.name, spec.portVariable, error);
      if (attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function startOnce(spec: ServiceSpec, options: ServiceOptions, command: string, port: number): Promise<Service> {
  const account = unprivilegedAccount(spec.accounts);
  const dir = await makeDataFolder(spec.name, options.dir, account);
  const removeDir = async () => {
    if (options.dir !== undefined) return;
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    releasePath(dir);
  };
  const home: Home = { dir, port, log: options.log ?? join(dir, 'log'), account };
  const timeout = AbortSignal.timeout(options.readyTimeoutMs ?? READY_TIMEOUT_MS);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
  let child: Child | undefined;
  try {
    await spec.prepare?.(home, signal);
    signal.throwIfAborted();
    const args = [...spec.args(home), ...(options.args ?? [])];
    child = await startChild({ command, args, ...surroundings(home), holdInput: spec.holdInput ?? false });
    const url = await untilReady(spec, home, child, signal);
    const { pid, exited, stop } = child;
    return {
      url,
      port,
      pid,
      log: home.log,
      exited,
      stop: async () => {
        await stop();
        await removeDir();
      },
    };
  } catch (error) {
    await child?.stop();
    const failure =
      options.signal?.aborted === true ? options.signal.reason : await explain(spec, home, error, timeout);
    await removeDir();
    throw failure;
  }
}

/** What every program that works in the data folder is started with. */
export function surroundings({ dir, log, account }: Home): Omit<ChildOptions, 'command' | 'args'> {
  // The temporary folder of this process may be closed to another account.
  return { cwd: dir, log, account, env: { TMPDIR: dir } };
}

async function makeDataFolder(name: string, given: string | undefined, account: Account | undefined): Promise<string> {
  const dir = given ?? join(tmpdir(), `proxywatch-${name}-${randomBytes(6).toString('hex')}`);
  if (given === undefined) {
    // Watched before it is there: mkdtemp would leave a moment in which a killed launcher leaves the folder behind.
    guardPath(dir);
    await mkdir(dir, { mode: 0o700 });
  } else {
    await mkdir(dir, { recursive: true });
  }
  if (account !== undefined) await chown(dir, account.uid, account.gid);
  return dir;
}

async function untilReady(spec: ServiceSpec, home: Home, child: Child, signal: AbortSignal): Promise<string> {
  let exit: Exit | undefined;
  void child.exited.then((value) => {
    exit = value;
  });
  let last: unknown;
  for (;;) {
    if (exit !== undefined) throw new Error(describeExit(exit));
    if (signal.aborted) throw new Error(last === undefined ? 'did not answer' : messageOf(last));
    try {
      const url = await spec.ready(home, signal);
      if (url !== undefined) return url;
    } catch (error) {
      last = error;
    }
    await delay(POLL_MS);
  }
}

async function explain(spec: ServiceSpec, home: Home, cause: unknown, timeout: AbortSignal): Promise<ProxywatchError> {
  const log = await readFile(home.log, 'utf8').catch(() => '');
  const tail = log.trimEnd().split('\n').slice(-10).join('\n  ');
  const reason = timeout.aborted ? `not ready in time (${messageOf(cause)})` : messageOf(cause);
  const message = `${spec.name} did not start: ${reason}${tail === '' ? '' : `; its log ends with:\n  ${tail}`}`;
  return new ProxywatchError('SERVICE_START_FAILED', message, { cause });
}
