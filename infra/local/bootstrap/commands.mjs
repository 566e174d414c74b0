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
    const child = spawn(command, args, { stdio: ['ignore', 2, 2], ...options });
    const stopForwarding = forwardSignals(child);
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
    child.once('close', stopForwarding);
  });
}

/** While a child runs, whoever asks us to end asks the child. Returns a function that ends this. */
export function forwardSignals(child) {
  const forward = (signal) => child.kill(signal);
  for (const signal of FORWARDED) process.on(signal, forward);
  return () => {
    for (const signal of FORWARDED) process.off(signal, forward);
  };
}

export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
