import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';

const ROOT = fileURLToPath(new URL('../../../../..', import.meta.url));
const SCRIPT = join(ROOT, 'infra/local/bootstrap/complete-lockfile.mjs');

function complete(packages: object): { readonly output: string; readonly packages: Record<string, unknown> } {
  const file = join(temporaryFolder(), 'package-lock.json');
  writeFileSync(file, JSON.stringify({ packages }));
  const output = execFileSync(process.execPath, [SCRIPT, file], { encoding: 'utf8' });
  return { output, packages: JSON.parse(readFileSync(file, 'utf8')).packages };
}

test.each([
  ['@x/cli-linux-arm64-musl', { os: ['linux'], cpu: ['arm64'], libc: ['musl'] }],
  ['@x/cli-linux-x64-gnu', { os: ['linux'], cpu: ['x64'], libc: ['glibc'] }],
  ['@x/cli-linux-arm-gnueabihf', { os: ['linux'], cpu: ['arm'], libc: ['glibc'] }],
  ['@x/cli-linux-x64', { os: ['linux'], cpu: ['x64'] }],
  ['@x/cli-win32-x64-msvc', { os: ['win32'], cpu: ['x64'] }],
  ['@x/cli-darwin-arm64', { os: ['darwin'], cpu: ['arm64'] }],
  ['fsevents', {}],
])('%s is added as npm would write it', (name, platform) => {
  const { packages } = complete({ 'node_modules/a': { dev: true, optionalDependencies: { [name]: '^1.2.3' } } });
  expect(packages[`node_modules/${name}`]).toEqual({ version: '1.2.3', dev: true, optional: true, ...platform });
});

test('packages that are locked, beside or above, are left alone', () => {
  const packages = {
    'node_modules/a': { optionalDependencies: { b: '1.0.0' } },
    'node_modules/a/node_modules/b': { version: '1.0.0', optionalDependencies: { c: '1.0.0', d: '1.0.0' } },
    'node_modules/a/node_modules/c': { version: '1.0.0' },
    'node_modules/d': { version: '1.0.0' },
  };
  expect(complete(packages)).toMatchObject({ output: expect.stringMatching(/^0 /), packages });
});

test("the project's own lock file is complete and names no registry", () => {
  const text = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
  expect(complete(JSON.parse(text).packages).output).toMatch(/^0 /);
  expect(text).not.toMatch(/"resolved": "http/);
});
