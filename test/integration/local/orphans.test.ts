import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { isGone } from '../../support/processes.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const HOLDER = fileURLToPath(new URL('../../support/service-holder.ts', import.meta.url));

function startHolder(folder: string, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [HOLDER, ...args], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

async function pidsOf(holder: ChildProcess): Promise<number[]> {
  for await (const line of createInterface({ input: holder.stdout! })) return JSON.parse(line);
  throw new Error('the holder ended before its servers were up');
}

/** Processes that name the folder in their command line. */
function usersOf(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
    } catch {
      return false;
    }
  });
}

describe('servers whose launcher ends without stopping them', () => {
  test.each([
    ['is killed with SIGKILL', (holder: ChildProcess) => holder.kill('SIGKILL'), []],
    ['is ended by SIGTERM', (holder: ChildProcess) => holder.kill('SIGTERM'), []],
    ['is ended by Ctrl-C', (holder: ChildProcess) => holder.kill('SIGINT'), []],
    ['loses its terminal', (holder: ChildProcess) => holder.kill('SIGHUP'), []],
    ['crashes', () => {}, ['throw']],
    ['exits', () => {}, ['exit']],
  ] as const)('are gone with their folders when it %s', async (_, end, args) => {
    const folder = temporaryFolder();
    const holder = startHolder(folder, ...args);
    const pids = await pidsOf(holder);
    expect(pids).toHaveLength(3);
    end(holder);
    await until('all servers are gone', () => pids.every(isGone));
    await until('all folders are gone', () => readdirSync(folder).length === 0);
  });

  test.each(['redis', 'mariadb', 'kafka'])('are gone when it is killed as soon as %s has a folder', async (name) => {
    const folder = temporaryFolder();
    const holder = startHolder(folder);
    await until('a folder', () => readdirSync(folder).some((entry) => entry.startsWith(`proxywatch-${name}-`)));
    holder.kill('SIGKILL');
    await until('all folders are gone', () => readdirSync(folder).length === 0);
    await until('nothing works in them', () => usersOf(folder).length === 0);
  });
});
