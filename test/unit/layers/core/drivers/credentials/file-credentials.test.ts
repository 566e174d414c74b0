import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { errorCodeOf } from '@proxywatch/core/domain/errors';
import { createFileCredentials } from '@proxywatch/core/drivers/credentials/file-credentials';
import { temporaryFolder } from '../../../../../support/temporary-folder.ts';

describe('credentials from a file', () => {
  let path: string;
  beforeEach(() => {
    path = join(temporaryFolder(), 'credentials.json');
  });

  test('are found by their reference', async () => {
    await writeFile(path, credentials('one'));
    await expect(createFileCredentials({ path }).fetchCredential('stats')).resolves.toEqual({
      user: 'stats',
      password: 'one',
    });
  });

  test('are read again when the file was written or replaced', async () => {
    await writeFile(path, credentials('one'));
    const source = createFileCredentials({ path });
    await source.fetchCredential('stats');
    await writeFile(path, credentials('second'));
    expect((await source.fetchCredential('stats')).password).toBe('second');
    await writeFile(`${path}.new`, credentials('thirds'));
    await rename(`${path}.new`, path);
    expect((await source.fetchCredential('stats')).password).toBe('thirds');
  });

  test('stay as they were while an edit is broken, which is told once', async () => {
    await writeFile(path, credentials('one'));
    const problems: string[] = [];
    const source = createFileCredentials({ path, onProblem: (problem) => problems.push(problem) });
    await source.fetchCredential('stats');
    await writeFile(path, '{"stats": {"user": "stats", "password": "hunter2"');
    for (let i = 0; i < 3; i++) expect((await source.fetchCredential('stats')).password).toBe('one');
    expect(problems).toEqual([expect.stringContaining('not valid JSON')]);
    expect(problems[0]).not.toContain('hunter2');
    await writeFile(path, credentials('repaired'));
    expect((await source.fetchCredential('stats')).password).toBe('repaired');
  });

  test('stay as they were while the file is gone, and recover with it', async () => {
    await writeFile(path, credentials('one'));
    const problems: string[] = [];
    const source = createFileCredentials({ path, onProblem: (problem) => problems.push(problem) });
    await source.fetchCredential('stats');
    await rename(path, `${path}.away`);
    expect((await source.fetchCredential('stats')).password).toBe('one');
    await rename(`${path}.away`, path);
    expect((await source.fetchCredential('stats')).password).toBe('one');
    expect(problems).toEqual([`${path} cannot be read`]);
  });

  test('are missing under an unknown reference, those that every object has included', async () => {
    await writeFile(path, credentials('one'));
    const source = createFileCredentials({ path });
    for (const ref of ['admin', 'toString', '__proto__']) {
      const error = await source.fetchCredential(ref).catch((caught: unknown) => caught);
      expect(errorCodeOf(error)).toBe('CREDENTIAL_MISSING');
    }
  });

  test('cannot be read from an absent or a broken file', async () => {
    const absent = await createFileCredentials({ path })
      .fetchCredential('stats')
      .catch((error: unknown) => error);
    expect(errorCodeOf(absent)).toBe('CONFIG_INVALID');
    await writeFile(path, '[]');
    const broken = await createFileCredentials({ path })
      .fetchCredential('stats')
      .catch((error: unknown) => error);
    expect(errorCodeOf(broken)).toBe('CONFIG_INVALID');
  });

  test('are not read for a caller that has gone', async () => {
    await writeFile(path, credentials('one'));
    const reason = new Error('gone');
    const source = createFileCredentials({ path });
    await expect(source.fetchCredential('stats', AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

function credentials(password: string): string {
  return JSON.stringify({ stats: { user: 'stats', password } });
}
