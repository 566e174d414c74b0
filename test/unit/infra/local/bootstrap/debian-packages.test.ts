import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { bootstrapCheckout } from '../../../../support/bootstrap-checkout.ts';

const SCRIPT = 'infra/local/main.ts';
const INSTALL = 'apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300';

function checkoutWithScript() {
  const checkout = bootstrapCheckout();
  checkout.write(SCRIPT, 'console.log("up");\n');
  return checkout;
}

function aptCalls(checkout: ReturnType<typeof bootstrapCheckout>): readonly string[] {
  return checkout.calls().filter((call) => /^(apt-get|sudo|systemctl)/.test(call) && !call.includes('simulate'));
}

test('root installs what is missing, once, without services', async () => {
  const checkout = checkoutWithScript();
  checkout.fakeApt();
  expect(await checkout.run([SCRIPT])).toMatchObject({ code: 0, stdout: 'up\n' });
  expect(await checkout.run([SCRIPT])).toMatchObject({ code: 0, stdout: 'up\n', stderr: '' });
  expect(aptCalls(checkout)).toEqual([`${INSTALL} shop-server till`]);
  expect(readFileSync(join(checkout.root, 'policy-seen'), 'utf8')).toBe('#!/bin/sh\nexit 101\n');
  expect(existsSync(checkout.policy)).toBe(false);
});

test('only what is missing is installed', async () => {
  const checkout = checkoutWithScript();
  checkout.fakeApt();
  checkout.fake('till');
  await checkout.run([SCRIPT]);
  expect(aptCalls(checkout)).toEqual([`${INSTALL} shop-server`]);
});

test('a script that needs no servers installs none', async () => {
  const checkout = checkoutWithScript();
  checkout.fakeApt();
  checkout.write('functions/gateway/main.ts', 'console.log("gateway");\n');
  expect(await checkout.run(['--disable-warning=x', 'functions/gateway/main.ts'])).toMatchObject({
    stdout: 'gateway\n',
  });
  expect(aptCalls(checkout)).toEqual([]);
});

test('package lists are fetched when apt does not know the packages', async () => {
  const checkout = checkoutWithScript();
  checkout.fakeApt('case "$*" in *simulate*) exit 100 ;; esac');
  await checkout.run([SCRIPT]);
  expect(aptCalls(checkout)).toEqual(['apt-get update -q', `${INSTALL} shop-server till`]);
});

test('package lists are fetched when they name versions that are gone', async () => {
  const checkout = checkoutWithScript();
  checkout.fakeApt(
    `case "$*" in *simulate*) ;; install*) [ -e '${checkout.root}/lists' ] || exit 100 ;; update*) touch '${checkout.root}/lists' ;; esac`,
  );
  expect((await checkout.run([SCRIPT])).code).toBe(0);
  const install = `${INSTALL} shop-server till`;
  expect(aptCalls(checkout)).toEqual([install, 'apt-get update -q', install]);
});

test("the machine's own policy for services stays", async () => {
  const checkout = checkoutWithScript();
  checkout.fakeApt();
  checkout.write('policy-rc.d', '#!/bin/sh\nexit 104\n', 0o755);
  await checkout.run([SCRIPT]);
  expect(readFileSync(checkout.policy, 'utf8')).toBe('#!/bin/sh\nexit 104\n');
});

test('units are disabled where systemd runs', async () => {
  const checkout = checkoutWithScript();
  checkout.fakeApt();
  checkout.fake('till');
  mkdirSync(checkout.systemd);
  await checkout.run([SCRIPT]);
  expect(aptCalls(checkout)).toEqual([`${INSTALL} shop-server`, 'systemctl disable --now shop.service']);
});

test('a user whose sudo asks for nothing installs through it', async () => {
  const checkout = checkoutWithScript();
  checkout.fakeApt();
  checkout.fake('sudo', 'shift; exec "$@"');
  expect(await checkout.run([SCRIPT], { uid: 1000 })).toMatchObject({ code: 0, stdout: 'up\n' });
  const [probe, install] = aptCalls(checkout);
  expect(probe).toBe('sudo -n true');
  expect(install).toMatch(/^sudo -n sh .*install-debian-packages\.sh shop-server till$/);
});

test('a user whose sudo asks for a password is told the one command', async () => {
  const checkout = checkoutWithScript();
  checkout.fakeApt();
  checkout.fake('sudo', 'exit 1');
  const outcome = await checkout.run([SCRIPT], { uid: 1000 });
  expect(outcome).toMatchObject({ code: 3, stdout: '' });
  expect(outcome.stderr).toContain('missing: shop-server till');
  expect(outcome.stderr).toContain('sudo sh infra/local/bootstrap/install-debian-packages.sh shop-server till\n');
  expect(aptCalls(checkout)).toEqual(['sudo -n true']);
});

test('an installation that fails ends the run, and the policy is gone', async () => {
  const checkout = checkoutWithScript();
  checkout.fakeApt('exit 100');
  expect(await checkout.run([SCRIPT])).toMatchObject({
    code: 3,
    stdout: '',
    stderr: expect.stringContaining('could not be installed (100): shop-server till'),
  });
  expect(existsSync(checkout.policy)).toBe(false);
});
