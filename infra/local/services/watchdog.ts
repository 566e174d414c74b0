import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('watchdog.sh', import.meta.url));

const held = new Set<string>();
let watchdog: ChildProcess | undefined;

/** Has the process group killed and forgotten when this process ends without having let go of it, SIGKILL included. */
export function guardGroup(pid: number): void {
  hold(`group ${pid}`);
}

export function releaseGroup(pid: number): void {
  release(`group ${pid}`);
}

/** Has a file or folder removed when this process ends without having let go of it, SIGKILL included. */
export function guardPath(path: string): void {
  hold(`path ${path}`);
}

export function releasePath(path: string): void {
  release(`path ${path}`);
}

function hold(entry: string): void {
  if (entry.includes('\n')) throw new RangeError('a watched path must be one line');
  held.add(entry);
  watchdog ??= startWatchdog();
  watchdog.stdin?.write(`+${entry}\n`);
}

function release(entry: string): void {
  if (!held.delete(entry)) return;
  watchdog?.stdin?.write(`-${entry}\n`);
  if (held.size > 0) return;
  watchdog?.stdin?.end();
  watchdog = undefined;
}

function startWatchdog(): ChildProcess {
  // A session of its own: Ctrl-C in the terminal reaches the launcher only.
  const child = spawn('/bin/sh', [SCRIPT], { cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  child.unref();
  if (child.stdin !== null && 'unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
  // A watchdog that was killed by hand must not take the launcher with it.
  child.stdin?.on('error', () => {});
  child.on('error', () => {});
  return child;
}
