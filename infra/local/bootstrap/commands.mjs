import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where Debian keeps servers, which the PATH of an ordinary user leaves out. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin'];

/** True if a program is on PATH or in a system folder. */
export function hasCommand(name, systemFolders = SYSTEM_FOLDERS) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...folders, ...systemFolders].some((folder) => isExecutable(join(folder, name)));
}

/** Runs a program to its end, its output on our standard error, which leaves standard output to the script. Resolves to the exit code. */
export function runCommand(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 2, 2], ...options });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
