import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach } from '@jest/globals';

/** When what a test made goes away: with the test, or with the last one of its file. */
export type Lifetime = 'test' | 'file';

const folders: Readonly<Record<Lifetime, string[]>> = { test: [], file: [] };

/** A folder that other accounts may enter too; removed after the test, or after all tests of the file. */
export function temporaryFolder(lifetime: Lifetime = 'test'): string {
  const folder = mkdtempSync(join(tmpdir(), 'proxywatch-test-'));
  chmodSync(folder, 0o777);
  folders[lifetime].push(folder);
  return folder;
}

afterEach(() => removeAll(folders.test));
afterAll(() => removeAll(folders.file));

function removeAll(paths: string[]): void {
  for (const path of paths.splice(0)) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
}
