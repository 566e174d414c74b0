import { readFileSync } from 'node:fs';

/** True once nothing of the process is left but, at most, an entry that nobody has collected yet. */
export function isGone(pid: number): boolean {
  const stat = readProc(pid, 'stat');
  return stat === undefined || stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
}

/** Effective user of a process. */
export function userOf(pid: number): number {
  return Number(/^Uid:\t\d+\t(\d+)/m.exec(readProc(pid, 'status') ?? '')?.[1]);
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
