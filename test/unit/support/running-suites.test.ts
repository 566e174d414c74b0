import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import RunningSuites from '../../support/running-suites.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

let report: string;
beforeEach(() => {
  report = join(temporaryFolder(), 'report.json');
  process.env.SUITE_REPORT = report;
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
});
afterEach(() => {
  delete process.env.SUITE_REPORT;
  jest.useRealTimers();
  jest.restoreAllMocks();
});

const suite = (name: string) => ({ path: `/project/test/${name}` });
const reported = () => JSON.parse(readFileSync(report, 'utf8'));

test('at every moment the file has what came of the suites so far', () => {
  const reporter = new RunningSuites({ rootDir: '/project' });
  reporter.onRunStart();
  expect(reported()).toEqual({ passed: 0, failed: 0, running: [] });
  for (const name of ['a', 'b', 'c']) reporter.onTestFileStart(suite(name));
  reporter.onTestFileResult(suite('a'), { numPassingTests: 3, numFailingTests: 1 });
  reporter.onTestFileResult(suite('b'), {
    numPassingTests: 0,
    numFailingTests: 0,
    testExecError: new Error('no import'),
  });
  expect(reported()).toEqual({ passed: 3, failed: 2, running: ['test/c'] });
  reporter.onRunComplete();
});

test('a suite that runs for minutes is named', () => {
  const told = jest.spyOn(console, 'error').mockReturnValue();
  const reporter = new RunningSuites({ rootDir: '/project' });
  reporter.onRunStart();
  reporter.onTestFileStart(suite('endless'));
  jest.advanceTimersByTime(240_000);
  expect(told).not.toHaveBeenCalled();
  jest.advanceTimersByTime(60_000);
  expect(told).toHaveBeenCalledWith('still running after 300 s: test/endless');
  reporter.onRunComplete();
});
