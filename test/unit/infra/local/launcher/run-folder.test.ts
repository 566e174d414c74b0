import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { openRunFolder, type RunFolder } from '../../../../../infra/local/launcher/run-folder.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';

const open: RunFolder[] = [];

async function openFolder(path: string): Promise<RunFolder> {
  const folder = await openRunFolder(path);
  open.push(folder);
  return folder;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((folder) => folder.close()));
});

describe('the folder of a run', () => {
  test('lets in one run at a time and names it to the second', async () => {
    const path = temporaryFolder();
    const first = await openFolder(path);
    await expect(openRunFolder(path)).rejects.toThrow(`already going on in this checkout (process ${process.pid})`);
    await first.close();
    await openFolder(path);
  });

  test('keeps what is put there from others, and only as long as the run', async () => {
    const folder = await openFolder(temporaryFolder());
    const file = folder.put('env', 'A=1\n');
    folder.put('env', 'A=2\n');
    expect(readFileSync(file, 'utf8')).toBe('A=2\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const removed = folder.put('other', '');
    folder.remove('other');
    expect(existsSync(removed)).toBe(false);
    await folder.close();
    expect(existsSync(file)).toBe(false);
  });

  test('gives fresh logs, which stay, and fresh data folders, which go', async () => {
    const folder = await openFolder(temporaryFolder());
    writeFileSync(folder.logOf('redis'), 'old');
    const log = folder.logOf('redis');
    expect(readFileSync(log, 'utf8')).toBe('');
    writeFileSync(join(folder.dataOf('lab-1'), 'old'), '');
    const data = folder.dataOf('lab-1');
    expect(existsSync(join(data, 'old'))).toBe(false);
    await folder.close();
    expect([existsSync(log), existsSync(data)]).toEqual([true, false]);
  });
});
