import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const SCRIPT = fileURLToPath(new URL('../../../../.ci/run', import.meta.url));

interface Machine {
  /** What was reported of the suites; undefined when jest gets no further than its start. */
  readonly report?: object;
  readonly testStatus?: number;
  /** npm scripts that fail. */
  readonly failing?: readonly string[];
  readonly hasApp?: boolean;
}

/** Runs the script in a folder of its own with an npm that does as told. */
function runChecks({ report, testStatus = 0, failing = [], hasApp = false }: Machine) {
  const root = temporaryFolder();
  mkdirSync(join(root, '.ci'));
  mkdirSync(join(root, 'infra/aws'), { recursive: true });
  if (hasApp) writeFileSync(join(root, 'infra/aws/app.ts'), '');
  cpSync(SCRIPT, join(root, '.ci/run'));
  const writes = report === undefined ? '' : `printf '%s' '${JSON.stringify(report)}' >"$SUITE_REPORT"; `;
  const cases = failing.map((name) => `*" ${name}") exit 1 ;;`).join(' ');
  const npm = `#!/bin/sh\necho "npm $*" >>calls\ncase "$*" in test*) ${writes}exit ${testStatus} ;; ${cases} esac\n`;
  writeFileSync(join(root, 'npm'), npm);
  chmodSync(join(root, 'npm'), 0o755);
  const env = { ...process.env, PATH: `${root}:${process.env.PATH}` };
  const { status, stdout, stderr } = spawnSync('bash', [join(root, '.ci/run')], { env, encoding: 'utf8', cwd: '/' });
  return { status, last: stdout.trimEnd().split('\n').at(-1), stdout, stderr };
}

const report = { passed: 40, failed: 0, running: [] };

test('counts tests and checks that passed', () => {
  expect(runChecks({ report })).toMatchObject({ status: 0, last: '42 passed, 0 failed' });
});

test('synthesises once there is an app', () => {
  expect(runChecks({ report, hasApp: true })).toMatchObject({ status: 0, last: '43 passed, 0 failed' });
});

test('counts failed tests and suites that did not end', () => {
  const broken = { ...report, failed: 2, running: ['test/unit/endless.test.ts'] };
  const outcome = runChecks({ report: broken, testStatus: 124 });
  expect(outcome).toMatchObject({ status: 1, last: '42 passed, 3 failed' });
  expect(outcome.stderr).toContain('did not end: test/unit/endless.test.ts');
});

test.each(['lint', 'typecheck', 'synth'])('fails when %s does, and still runs the others', (name) => {
  const outcome = runChecks({ report, failing: [name], hasApp: true });
  expect(outcome).toMatchObject({ status: 1, last: '42 passed, 1 failed' });
});

test.each([
  ['jest fails without a failed test', { report, testStatus: 1 }, '42 passed, 1 failed'],
  ['there is no test', { report: { ...report, passed: 0 } }, '2 passed, 1 failed'],
  ['jest never starts', { testStatus: 3 }, '2 passed, 1 failed'],
  ['jest reports nothing', {}, '2 passed, 1 failed'],
])('fails when %s', (_, machine, last) => {
  expect(runChecks(machine)).toMatchObject({ status: 1, last });
});
