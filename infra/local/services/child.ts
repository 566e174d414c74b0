import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Account } from './account.ts';
import { guardGroup, releaseGroup } from './watchdog.ts';

/** Waits for one line on its third descriptor and then becomes the command, keeping its pid. */
const GATE = 'read -r _ <&3 || exit 125; exec "$0" "$@" 3<&-';
const STOP_TIMEOUT_MS = 10_000;

export interface ChildOptions {
  /** Absolute path of the program. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** File to which both outputs are appended. */
  readonly log: string;
  /** Variables besides those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly account?: Account | undefined;
  /** Keeps the child's input open until it is stopped, for programs that end with their input. */
  readonly holdInput?: boolean;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Child {
  readonly pid: number;
  /** Settles when the process is gone, whatever ended it. */
  readonly exited: Promise<Exit>;
  /** Asks the whole process group to end, kills it after `timeoutMs` (default 10,000); resolves when it is gone. */
  stop(timeoutMs?: number): Promise<Exit>;
}

/**
 * Starts a program in a process group of its own that cannot outlive this process: the program runs only once the
 * watchdog knows its group, so there is no moment at which a killed launcher leaves it behind.
 */
export function startChild(options: ChildOptions): Promise<Child> {
  const log = openSync(options.log, 'a', 0o600);
  const child = spawn('/bin/sh', ['-c', GATE, options.command, ...options.args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    detached: true,
    stdio: [options.holdInput === true ? 'pipe' : 'ignore', log, log, 'pipe'],
    ...(options.account ?? {}),
  });
  closeSync(log);
  return new Promise((resolve, reject) => {
    child.once('error', (cause) =>
      reject(
        new ProxywatchError('SERVICE_START_FAILED', `cannot start ${options.command}: ${cause.message}`, { cause }),
      ),
    );
    const { pid } = child;
    if (pid === undefined) return;
    guardGroup(pid);
    const exited = new Promise<Exit>((settle) => child.once('exit', (code, signal) => settle({ code, signal })));
    void exited.then(() => {
      // What the program itself may have started goes with it.
      signalGroup(pid, 'SIGKILL');
      releaseGroup(pid);
    });
    child.stdin?.on('error', () => {});
    const gate = child.stdio[3] as Writable;
    gate.on('error', () => {});
    gate.end('go\n');
    resolve({
      pid,
      exited,
      stop: async (timeoutMs = STOP_TIMEOUT_MS) => {
        child.stdin?.end();
        signalGroup(pid, 'SIGTERM');
        const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), timeoutMs);
        const exit = await exited;
        clearTimeout(timer);
        return exit;
      },
    });
  });
}

export function describeExit({ code, signal }: Exit): string {
  return signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}
