import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where Debian keeps servers, which the PATH of an ordinary user leaves out. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin'];
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** True if a program is on PATH or in a system folder. */
export function hasCommand(name, systemFolders = SYSTEM_FOLDERS) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...folders, ...systemFolders].some((folder) => isExecutable(join(folder, name)));
}

/** Runs a program to its end, its output on our standard error, which leaves standard output to the script. Resolves to the exit code. */
export function runCommand(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const { child, stopForwarding } = spawnForwarding(command, args, { stdio: ['ignore', 2, 2], ...options });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
    child.once('close', stopForwarding);
  });
}

/**
 * Starts a child; until `stopForwarding`, whoever asks us to end asks the child. We listen before it is there: on a busy
 * machine it may run, and be seen to, before we do again, and a signal in between would end us and leave it.
 */
export function spawnForwarding(command, args, options) {
  let child;
  const forward = (signal) => child?.kill(signal);
  for (const signal of FORWARDED) process.on(signal, forward);
  child = spawn(command, args, options);
  const stopForwarding = () => {
    for (const signal of FORWARDED) process.off(signal, forward);
  };
  return { child, stopForwarding };
}

export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
