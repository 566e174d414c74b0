import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startChild } from '../../../../../infra/local/services/child.ts';
import { isGone } from '../../../../support/processes.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';
import { until } from '../../../../support/until.ts';

async function startScript(script: string) {
  const folder = temporaryFolder();
  const log = join(folder, 'log');
  const child = await startChild({ command: '/bin/sh', args: ['-c', script], cwd: folder, log });
  return { child, log: () => readFileSync(log, 'utf8') };
}

test('what a program has started goes with it', async () => {
  const { child, log } = await startScript('sleep 1000 & echo $!');
  expect(await child.exited).toEqual({ code: 0, signal: null });
  const grandchild = Number(log());
  expect(grandchild).toBeGreaterThan(1);
  await until('it is gone', () => isGone(grandchild));
});

test('a program that does not want to end is killed', async () => {
  const { child, log } = await startScript("trap '' TERM; echo deaf; while :; do sleep 0.01; done");
  await until('it hears nothing', () => log() === 'deaf\n');
  expect(await child.stop(50)).toEqual({ code: null, signal: 'SIGKILL' });
  expect(isGone(child.pid)).toBe(true);
});

test('a program that is not there is an error with its name', async () => {
  const folder = temporaryFolder();
  const options = { command: '/no/such/program', args: [], cwd: join(folder, 'missing'), log: join(folder, 'log') };
  await expect(startChild(options)).rejects.toMatchObject({
    code: 'SERVICE_START_FAILED',
    message: expect.stringContaining('/no/such/program'),
  });
});
