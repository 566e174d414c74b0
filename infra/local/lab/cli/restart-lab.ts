import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ProxywatchError } from '@proxywatch/core/domain/errors';

const POLL_MS = 50;
const GREETING_TIMEOUT_MS = 1_000;

export interface RestartOptions {
  /** Holds the process id of the lab proxy; written by whoever starts it, who also starts it again. */
  readonly pidFile: string;
  readonly adminPort: number;
  /** @default 20000 */
  readonly timeoutMs?: number;
}

/**
 * Kills a lab proxy, as a crash would, and resolves once its admin port answers again. Rejects with
 * SERVICE_UNREACHABLE when there is none or it does not come back.
 */
export async function restartLab({ pidFile, adminPort, timeoutMs = 20_000 }: RestartOptions): Promise<void> {
  const pid = await pidOf(pidFile);
  const deadline = performance.now() + timeoutMs;
  process.kill(pid, 'SIGKILL');
  const until = async (isDone: () => boolean | Promise<boolean>, problem: string) => {
    while (!(await isDone())) {
      if (performance.now() > deadline)
        throw new ProxywatchError('SERVICE_UNREACHABLE', `${problem} within ${timeoutMs} ms`);
      await delay(POLL_MS);
    }
  };
  await until(() => !isRunning(pid), `process ${pid} did not end`);
  await until(() => greets(adminPort), `nothing came back on 127.0.0.1:${adminPort}`);
}

async function pidOf(pidFile: string): Promise<number> {
  const text = await readFile(pidFile, 'utf8').catch(() => undefined);
  if (text === undefined) throw new ProxywatchError('SERVICE_UNREACHABLE', `no ${pidFile}; is npm start running?`);
  const pid = Number(text.trim());
  if (!Number.isInteger(pid) || pid <= 1)
    throw new ProxywatchError('SERVICE_UNREACHABLE', `${pidFile} holds no process id`);
  if (!isRunning(pid) || !(await isLab(pid))) {
    throw new ProxywatchError('SERVICE_UNREACHABLE', `${pidFile} is stale: process ${pid} is no lab proxy`);
  }
  return pid;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Process ids are used again: a file left behind must not kill a stranger. Where there is no /proc we trust it. */
async function isLab(pid: number): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return commandLine.includes('infra/local/lab/');
}

/** A MySQL server speaks first. */
async function greets(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'data', { signal: AbortSignal.timeout(GREETING_TIMEOUT_MS) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
