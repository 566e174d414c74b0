import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { BootstrapError } from './bootstrap-error.mjs';
import { hasCommand } from './commands.mjs';

const WAIT_SECONDS = 900;
const NOTICE_MS = 1_000;

/**
 * Runs `work` while no other run in this checkout installs anything. The lock is the kernel's, held by a child that ends
 * with its input: it is free as soon as this process is gone, however it ended.
 */
export async function withInstallLock(folder, work) {
  // util-linux is essential on Debian; elsewhere two first runs at once are the user's own business.
  if (!hasCommand('flock')) return work();
  mkdirSync(folder, { recursive: true });
  const script = ['-w', `${WAIT_SECONDS}`, join(folder, 'install.lock'), 'sh', '-c', 'echo locked; exec cat'];
  const holder = spawn('flock', script, { stdio: ['pipe', 'pipe', 2] });
  const notice = setTimeout(() => console.error('another run installs packages in this checkout: waiting'), NOTICE_MS);
  const locked = await new Promise((resolve) => {
    holder.stdout.once('data', () => resolve(true));
    holder.once('error', () => resolve(false));
    holder.once('exit', () => resolve(false));
  });
  clearTimeout(notice);
  if (!locked)
    throw new BootstrapError(4, `another run holds ${join(folder, 'install.lock')} for ${WAIT_SECONDS} s already`);
  try {
    return await work();
  } finally {
    holder.stdin.end();
  }
}
