import { randomBytes } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { createLocalSecretBox } from '@proxywatch/core/drivers/secrets/local-secret-box';
import { fc } from '../../../../../support/properties.ts';
import { temporaryFolder } from '../../../../../support/temporary-folder.ts';

let folder: string;
let keyFile: string;
beforeEach(async () => {
  folder = temporaryFolder();
  keyFile = join(folder, 'key');
  await writeFile(keyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
});

describe('a box with a key in a file', () => {
  test('opens for its context whatever it sealed, and shows nothing of it', async () => {
    const box = createLocalSecretBox({ keyFile });
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 8 }), fc.string(), async (text, context) => {
        const sealed = await box.seal(text, context);
        expect(sealed).toMatch(/^l1\.[\w-]+$/);
        expect(sealed).not.toContain(text);
        expect(await box.open(sealed, context)).toBe(text);
      }),
    );
  });

  test('does not open for another context, with another key, or what was changed', async () => {
    const box = createLocalSecretBox({ keyFile });
    const sealed = await box.seal('secret', 'variable:a');
    const other = join(folder, 'other');
    await writeFile(other, randomBytes(32).toString('base64'), { mode: 0o600 });
    const flipped = sealed.slice(0, -2) + (sealed.endsWith('AA') ? 'BB' : 'AA');
    for (const attempt of [
      () => box.open(sealed, 'variable:b'),
      () => createLocalSecretBox({ keyFile: other }).open(sealed, 'variable:a'),
      () => box.open(flipped, 'variable:a'),
      () => box.open('', 'variable:a'),
      () => box.open('l1.', 'variable:a'),
      () => box.open('k1.AAAA.AAAA', 'variable:a'),
      () => box.open('l1.AAAA', 'variable:a'),
    ]) {
      await expect(attempt()).rejects.toMatchObject({
        code: 'RECORD_DAMAGED',
        message: expect.not.stringContaining('secret'),
      });
    }
  });

  test('seals the same text differently each time, and gives it the same fingerprint', async () => {
    const box = createLocalSecretBox({ keyFile });
    expect(await box.seal('a', 'c')).not.toBe(await box.seal('a', 'c'));
    expect(await box.fingerprint('a')).toBe(await createLocalSecretBox({ keyFile }).fingerprint('a'));
    expect(await box.fingerprint('a')).toMatch(/^[0-9a-f]{64}$/);
    expect(await box.fingerprint('b')).not.toBe(await box.fingerprint('a'));
  });

  test('refuses a file that everybody may read, and takes it when that was mended', async () => {
    await chmod(keyFile, 0o604);
    const box = createLocalSecretBox({ keyFile });
    await expect(box.seal('a', 'c')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('chmod 600'),
    });
    await chmod(keyFile, 0o600);
    await expect(box.seal('a', 'c')).resolves.toBeDefined();
  });

  test.each(['', 'c2hvcnQ=', 'x'.repeat(2_000)])('refuses a file that holds no key: %#', async (text) => {
    await writeFile(keyFile, text);
    await expect(createLocalSecretBox({ keyFile }).fingerprint('a')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('says which file is not there', async () => {
    const missing = join(folder, 'missing');
    await expect(createLocalSecretBox({ keyFile: missing }).seal('a', 'c')).rejects.toThrow(
      `${missing} cannot be read (ENOENT)`,
    );
  });
});
