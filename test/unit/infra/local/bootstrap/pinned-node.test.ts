import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from '@jest/globals';
import { bootstrapCheckout } from '../../../../support/bootstrap-checkout.ts';
import { isGone } from '../../../../support/processes.ts';
import { until } from '../../../../support/until.ts';

/**
 * Prints its pid, and on SIGTERM or SIGINT writes down which one it was and exits with code 9. The kernel may tell of a
 * parent's death once for each of its threads.
 */
const WAITS = `
import { writeFileSync } from 'node:fs';
for (const name of ['SIGTERM', 'SIGINT']) process.on(name, () => { writeFileSync('signal', name); process.exit(9); });
setInterval(() => {}, 1000);
console.log(process.pid);
`;

const NPM = `require('node:child_process').spawn('sh', ['-c', process.argv[1]], { stdio: 'inherit' })`;

function checkoutWith(script: string) {
  const checkout = bootstrapCheckout();
  checkout.write('script.mjs', script);
  return checkout;
}

async function firstLine(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) return line;
  throw new Error('no output');
}

function exitCode(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('exit', resolve));
}

test('exit code, input and output are those of the script', async () => {
  const checkout = checkoutWith('process.stdin.pipe(process.stdout); process.exitCode = 7;');
  const child = checkout.start(['script.mjs']);
  const [line, code] = [firstLine(child), exitCode(child)];
  child.stdin?.end('typed\n');
  expect(await line).toBe('typed');
  expect(await code).toBe(7);
});

test('a file of settings is read if it is there, and nothing is said if it is not', async () => {
  const checkout = checkoutWith('console.log(process.env.GREETING);');
  const args = ['--settings=local.env', 'script.mjs'];
  expect(await checkout.run(args)).toEqual({
    code: 0,
    stdout: 'undefined\n',
    stderr: expect.not.stringContaining('env'),
  });
  checkout.write('local.env', 'GREETING=hello\n');
  expect(await checkout.run(args)).toMatchObject({ code: 0, stdout: 'hello\n' });
});

test('a script that a signal ended gives the code of shells', async () => {
  expect((await checkoutWith('process.kill(process.pid, "SIGKILL");').run(['script.mjs'])).code).toBe(137);
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s reaches the script, which decides about the end', async (signal) => {
  const checkout = checkoutWith(WAITS);
  const child = checkout.start(['script.mjs']);
  await firstLine(child);
  child.kill(signal);
  expect(await exitCode(child)).toBe(9);
  expect(readFileSync(join(checkout.root, 'signal'), 'utf8')).toBe(signal);
});

test('a script is asked to end when the bootstrap is killed', async () => {
  const checkout = checkoutWith(WAITS);
  const child = checkout.start(['script.mjs']);
  const pid = Number(await firstLine(child));
  child.kill('SIGKILL');
  await until('the script is gone', () => isGone(pid));
  expect(readFileSync(join(checkout.root, 'signal'), 'utf8')).toBe('SIGTERM');
});

test.each(['shell', 'npm'] as const)('a script started by npm is asked to end when the %s dies', async (who) => {
  const checkout = checkoutWith(WAITS);
  // Installs, so that the first line below is the script's.
  await checkout.run(['--version', 'script.mjs']);
  // npm starts a shell, which starts us and stays.
  const shell = `echo $$ >shell.pid; '${process.execPath}' infra/local/bootstrap/run.mjs script.mjs; true`;
  const npm = spawn(process.execPath, ['-e', NPM, shell], {
    cwd: checkout.root,
    env: { ...process.env, npm_lifecycle_event: 'start' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = Number(await firstLine(npm));
  const shellPid = Number(readFileSync(join(checkout.root, 'shell.pid'), 'utf8'));
  process.kill(who === 'npm' ? npm.pid! : shellPid, 'SIGKILL');
  await until('the script is gone', () => isGone(pid));
  expect(existsSync(join(checkout.root, 'signal'))).toBe(true);
});
