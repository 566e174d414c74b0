import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The kernel tells CPU time in hundredths of a second on every Linux. */
const TICKS_PER_SECOND = 100;

/** CPU milliseconds of all threads of a process so far. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in brackets, and may hold anything.
  const [, ...fields] = stat.slice(stat.lastIndexOf(')')).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return (ticks * 1_000) / TICKS_PER_SECOND;
}

/** Resident memory of a process, bytes. */
export function rssBytesOf(pid: number): number {
  return bytesOf(pid, 'VmRSS');
}

/** The most resident memory that a process ever had, bytes, as the kernel tells it. */
export function peakRssBytesOf(pid: number): number {
  return bytesOf(pid, 'VmHWM');
}

function bytesOf(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (kilobytes === undefined) throw new Error(`no resident memory of process ${pid}`);
  return Number(kilobytes) * 1_024;
}

/** The most resident memory that a process was seen with while `work` ran, bytes. */
export async function peakRssDuring(pid: number, work: () => Promise<void>): Promise<number> {
  let peak = 0;
  let running = true;
  const watch = (async () => {
    while (running) {
      peak = Math.max(peak, rssBytesOf(pid));
      await sleep(10);
    }
  })();
  try {
    await work();
  } finally {
    running = false;
    await watch;
  }
  return Math.max(peak, rssBytesOf(pid));
}

/** CPU milliseconds that this process, all its threads, spends on `work`. */
export async function ownCpuMsOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
