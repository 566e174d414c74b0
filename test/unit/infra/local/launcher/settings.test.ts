import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { envFileText, settingOf, withoutPassword } from '../../../../../infra/local/launcher/settings.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';

describe('the settings of a run', () => {
  const settings = new Map([
    ['PLAIN', 'redis://127.0.0.1:16379'],
    ['EMPTY', ''],
    ['SPECIAL', 'a b $HOME `id` "x" #y \\z & | ;'],
  ]);

  test('are read back by Node as they were', () => {
    expect(parseEnv(envFileText(settings))).toEqual(Object.fromEntries(settings));
  });

  test('are read back by a shell as they were', () => {
    const file = join(temporaryFolder(), 'env');
    writeFileSync(file, envFileText(settings));
    const read = execFileSync('sh', ['-c', `. '${file}'; printf '%s\\n' "$PLAIN" "$EMPTY" "$SPECIAL"`], {
      encoding: 'utf8',
    });
    expect(read).toBe(`${[...settings.values()].join('\n')}\n`);
  });

  test.each(["it's", 'two\nlines'])('refuse what no file can hold: %j', (value) => {
    expect(() => envFileText(new Map([['NAME', value]]))).toThrow(/^NAME cannot be written/);
  });

  test('tell which one is asked for too early', () => {
    expect(() => settingOf(new Map(), 'REDIS_URL')).toThrow('REDIS_URL is not known at this step');
  });

  test.each([
    ['mysql://user:secret@host:1/db', 'mysql://user@host:1/db'],
    ['rediss://:secret@host', 'rediss://@host'],
    ['http://host:1/path', 'http://host:1/path'],
    ['a:1,b:2', 'a:1,b:2'],
  ])('%s is shown as %s', (url, shown) => {
    expect(withoutPassword(url)).toBe(shown);
  });
});
