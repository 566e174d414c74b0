import { readFileSync } from 'node:fs';

const LOOK_MS = 250;

/**
 * Calls back once npm, or the shell that npm started us with, is gone: npm passes signals to its shell only, and a shell
 * that dies of one leaves us behind. Outside npm nobody is watched, since a shell may well end before what it started in
 * the background. Returns a function that ends the watch.
 */
export function onParentGone(callback) {
  if (process.env.npm_lifecycle_event === undefined) return () => {};
  const watched = npmAncestors();
  const timer = setInterval(() => {
    if (watched.every(({ pid, parent }) => parentOf(pid) === parent)) return;
    clearInterval(timer);
    callback();
  }, LOOK_MS);
  return () => clearInterval(timer);
}

/** Who must keep the parent it has: we ourselves, and the shell between npm and us, if there is one. */
function npmAncestors() {
  const ours = { pid: process.pid, parent: process.ppid };
  const grandparent = isShell(process.ppid) ? parentOf(process.ppid) : undefined;
  return grandparent === undefined ? [ours] : [ours, { pid: process.ppid, parent: grandparent }];
}

function isShell(pid) {
  return /^(\/bin\/)?\w*sh\0-c\0/.test(readProc(pid, 'cmdline') ?? '');
}

/** Parent of a process, from the field after its name (which may hold spaces and brackets) and its state. */
function parentOf(pid) {
  if (pid === process.pid) return process.ppid;
  const stat = readProc(pid, 'stat');
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

function readProc(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
