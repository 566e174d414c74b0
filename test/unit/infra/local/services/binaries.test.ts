import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findBinary } from '../../../../../infra/local/services/binaries.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';

test('a server is found where PATH says, if it may be run', () => {
  const root = temporaryFolder();
  const [first, second] = [join(root, 'first'), join(root, 'second')];
  for (const [folder, mode] of [
    [first, 0o644],
    [second, 0o755],
  ] as const) {
    mkdirSync(folder);
    writeFileSync(join(folder, 'some-server'), '', { mode });
  }
  expect(findBinary('some-server', `${first}::${second}`)).toBe(join(second, 'some-server'));
});

test('a server that is missing is named with its package', () => {
  expect(() => findBinary('no-such-server', '')).toThrow(
    'no-such-server is not installed: it is in the Debian package no-such-server (apt-get install no-such-server)',
  );
});
