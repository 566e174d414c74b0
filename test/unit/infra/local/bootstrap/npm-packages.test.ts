import { expect, test } from '@jest/globals';
import { bootstrapCheckout } from '../../../../support/bootstrap-checkout.ts';
import { until } from '../../../../support/until.ts';

const CI = 'npm ci --include=dev --loglevel=error';

function checkoutWithScript() {
  const checkout = bootstrapCheckout();
  checkout.write('hello.mjs', 'console.log("hello", ...process.argv.slice(2));\n');
  return checkout;
}

test('packages are installed once, and then the script runs under the pinned Node', async () => {
  const checkout = checkoutWithScript();
  expect(await checkout.run(['hello.mjs', 'a'])).toMatchObject({ code: 0, stdout: 'hello a\n' });
  expect(await checkout.run(['hello.mjs', 'b'])).toMatchObject({ code: 0, stdout: 'hello b\n', stderr: '' });
  expect(checkout.calls()).toEqual([CI, 'pinned', 'pinned']);
});

test('packages are installed again when the lock file has changed', async () => {
  const checkout = checkoutWithScript();
  await checkout.run(['hello.mjs']);
  checkout.write('package-lock.json', '{"packages":{"node_modules/node":{"version":"24.1.0"}}}');
  await checkout.run(['hello.mjs']);
  expect(checkout.calls()).toEqual([CI, 'pinned', CI, 'pinned']);
});

test('packages that the user installed are taken as they are', async () => {
  const checkout = checkoutWithScript();
  const lock = {
    'node_modules/node': { version: '24.0.0' },
    'node_modules/other-platform': { version: '1.0.0', optional: true },
  };
  checkout.write('package-lock.json', JSON.stringify({ packages: lock }));
  checkout.write('node_modules/.package-lock.json', '{"packages":{"node_modules/node":{"version":"24.0.0"}}}');
  checkout.write('node_modules/node/bin/node', `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, 0o755);
  expect((await checkout.run(['hello.mjs'])).stdout).toBe('hello\n');
  expect(checkout.calls()).toEqual([]);
});

test('other versions that the user installed are replaced', async () => {
  const checkout = checkoutWithScript();
  checkout.write('node_modules/.package-lock.json', '{"packages":{"node_modules/node":{"version":"23.0.0"}}}');
  checkout.write('node_modules/node/bin/node', '#!/bin/sh\n', 0o755);
  expect((await checkout.run(['hello.mjs'])).stdout).toBe('hello\n');
  expect(checkout.calls()[0]).toBe(CI);
});

test('two runs at once install once', async () => {
  const checkout = checkoutWithScript();
  const outcomes = await Promise.all([checkout.run(['hello.mjs']), checkout.run(['hello.mjs'])]);
  expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
  expect(checkout.calls().filter((call) => call === CI)).toHaveLength(1);
});

test('an installation that fails is tried again at the next run', async () => {
  const checkout = checkoutWithScript();
  checkout.fake('npm', 'exit 7');
  const outcome = await checkout.run(['hello.mjs']);
  expect(outcome).toMatchObject({ code: 4, stdout: '' });
  expect(outcome.stderr).toContain('npm ci failed (7)');
  await checkout.run(['hello.mjs']);
  expect(checkout.calls()).toEqual([CI, CI]);
});

test('an installation is ended together with the run', async () => {
  const checkout = checkoutWithScript();
  checkout.fake('npm', 'exec sleep 60');
  const child = checkout.start(['hello.mjs']);
  await until('npm runs', () => checkout.calls().includes(CI));
  child.kill('SIGTERM');
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(4);
});

test('an installation without scripts is told apart', async () => {
  const checkout = checkoutWithScript();
  checkout.fake('npm', 'mkdir node_modules');
  expect(await checkout.run(['hello.mjs'])).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('ignore-scripts'),
  });
});

test('a call without a script is explained', async () => {
  expect(await bootstrapCheckout().run(['--flag'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^usage: /),
  });
});
