import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { findPython } from '../../deploy/python.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** A program that answers the question for what is there as a Python with these parts would. */
function pythonWith(parts: object): string {
  const file = join(temporaryFolder(), 'python3');
  const told = { executable: file, python: [3, 11], moto: '5.2.1', missing: [], ...parts };
  writeFileSync(file, `#!/bin/sh\necho '${JSON.stringify(told)}'\n`);
  chmodSync(file, 0o755);
  return file;
}

describe('the Python of the emulator', () => {
  test('is the one that is asked for when it has what is needed', async () => {
    const file = pythonWith({});
    expect(await findPython(file)).toEqual({ executable: file });
  });

  test.each([
    [
      'a moto that is too old',
      { moto: '5.1.9' },
      /moto 5\.1\.9 is older than 5\.2: .* -m pip install 'moto\[server\]>=5\.2' boto3/,
    ],
    ['a moto of another age', { moto: '4.9.0' }, /moto 4\.9\.0 is older than 5\.2/],
    ['a Python that is too old', { python: [3, 9] }, /is Python 3\.9; with Python 3\.10 or newer: /],
    ['no moto', { moto: null, missing: ['moto', 'flask'] }, /has no moto, flask: .* -m pip install /],
  ])('is not there with %s, and it says how to get it', async (_, parts, problem) => {
    expect(await findPython(pythonWith(parts))).toEqual({ problem: expect.stringMatching(problem) });
  });

  test('may be absent', async () => {
    const problem = expect.stringMatching(/is not there; with Python 3\.10 or newer: /);
    expect(await findPython(join(temporaryFolder(), 'python3'))).toEqual({ problem });
  });

  test('may be newer than what was tried', async () => {
    expect(await findPython(pythonWith({ moto: '6.0.0' }))).toHaveProperty('executable');
    expect(await findPython(pythonWith({ moto: '5.10' }))).toHaveProperty('executable');
  });
});
