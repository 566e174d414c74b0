import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { restartLab } from '../../../../../../infra/local/lab/cli/restart-lab.ts';
import { temporaryFolder } from '../../../../../support/temporary-folder.ts';

/** Greets, as a MySQL server does, on the port of its first argument. */
const PROGRAM = `
  const server = require('node:net').createServer((socket) => socket.end('hello'));
  server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log(server.address().port));
`;

describe('restarting a lab proxy', () => {
  let folder: string;
  let pidFile: string;
  let program: string;
  const children: ChildProcess[] = [];
  beforeEach(async () => {
    folder = temporaryFolder();
    pidFile = join(folder, 'lab-1.pid');
    program = join(folder, 'infra/local/lab/fake.cjs');
    await mkdir(join(folder, 'infra/local/lab'), { recursive: true });
    await writeFile(program, PROGRAM);
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  async function start(script: string, port = 0): Promise<{ child: ChildProcess; port: number }> {
    const child = spawn(process.execPath, [script, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    if (child.stdout === null) throw new Error('no output');
    const [line] = await once(createInterface(child.stdout), 'line');
    return { child, port: Number(line) };
  }

  test('kills its process and returns once its successor answers', async () => {
    const { child, port } = await start(program);
    await writeFile(pidFile, `${child.pid}\n`);
    let respawned = false;
    child.once('exit', () => void start(program, port).then(() => (respawned = true)));
    await restartLab({ pidFile, adminPort: port });
    expect(child.signalCode).toBe('SIGKILL');
    expect(respawned).toBe(true);
  });

  test('says so when nothing comes back', async () => {
    const { child, port } = await start(program);
    await writeFile(pidFile, `${child.pid}`);
    await expect(restartLab({ pidFile, adminPort: port, timeoutMs: 200 })).rejects.toThrow(
      `nothing came back on 127.0.0.1:${port} within 200 ms`,
    );
  });

  test('leaves a stranger alone that has the number now', async () => {
    const stranger = join(folder, 'stranger.cjs');
    await writeFile(stranger, PROGRAM);
    const { child, port } = await start(stranger);
    await writeFile(pidFile, `${child.pid}`);
    await expect(restartLab({ pidFile, adminPort: port })).rejects.toThrow(`process ${child.pid} is no lab proxy`);
    expect(child.signalCode).toBeNull();
  });

  test.each([
    [undefined, 'is npm start running?'],
    ['', 'holds no process id'],
    ['-1', 'holds no process id'],
    ['999999999', 'is stale'],
  ])('refuses a file that holds %j', async (text, problem) => {
    if (text !== undefined) await writeFile(pidFile, text);
    await expect(restartLab({ pidFile, adminPort: 1 })).rejects.toThrow(problem);
  });
});
