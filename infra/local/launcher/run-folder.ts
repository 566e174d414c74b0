import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { guardPath, releasePath } from '../services/watchdog.ts';

/** Where a run keeps what others look at: `env`, `credentials.json`, `logs/<name>.log`, `run/<name>.pid`. */
export interface RunFolder {
  readonly path: string;
  /** A fresh log file. */
  logOf(name: string): string;
  /** A fresh data folder that goes away with the run. */
  dataOf(name: string): string;
  /** Writes a file (0600) that goes away with the run, however it ends. Answers its path. */
  put(name: string, text: string): string;
  remove(name: string): void;
  /** Removes all that was put there and lets the next run in. */
  close(): Promise<void>;
}

/** Takes the folder for this process. Throws SERVICE_START_FAILED while another run holds it. */
export async function openRunFolder(path: string): Promise<RunFolder> {
  mkdirSync(join(path, 'logs'), { recursive: true });
  mkdirSync(join(path, 'run'), { recursive: true });
  const lock = await lockFolder(path);
  const files = new Set<string>();
  const guard = (file: string) => {
    if (!files.has(file)) guardPath(file);
    files.add(file);
  };
  const remove = (name: string) => {
    const file = join(path, name);
    rmSync(file, { force: true });
    if (files.delete(file)) releasePath(file);
  };
  const put = (name: string, text: string) => {
    const file = join(path, name);
    guard(file);
    // Readers never see half a file.
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return file;
  };
  put(LAUNCHER_PID, `${process.pid}\n`);
  return {
    path,
    put,
    remove,
    logOf(name) {
      const file = join(path, 'logs', `${name}.log`);
      writeFileSync(file, '', { mode: 0o600 });
      return file;
    },
    dataOf(name) {
      const folder = join(path, 'data', name);
      guard(folder);
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      return folder;
    },
    async close() {
      for (const file of [...files]) {
        rmSync(file, { recursive: true, force: true });
        files.delete(file);
        releasePath(file);
      }
      await new Promise((resolve) => lock.close(resolve));
    },
  };
}

const LAUNCHER_PID = 'run/launcher.pid';

/**
 * A socket without a file (its name begins with NUL): the kernel gives it to one process and takes it back when that
 * process is gone, so there is no stale lock.
 */
function lockFolder(path: string): Promise<Server> {
  const name = createHash('sha256').update(realpathSync(path)).digest('hex').slice(0, 32);
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (cause) => reject(heldByAnother(path, cause)));
    server.listen(`\0proxywatch-${name}`, () => resolve(server));
    server.unref();
  });
}

function heldByAnother(path: string, cause: Error): ProxywatchError {
  const pid = readPid(join(path, LAUNCHER_PID));
  const message = `a run is already going on in this checkout${pid === undefined ? '' : ` (process ${pid})`}: stop it first`;
  return new ProxywatchError('SERVICE_START_FAILED', message, { cause });
}

function readPid(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
