import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { unprivilegedAccount } from '../../../../../infra/local/services/account.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';

const isRoot = process.getuid?.() === 0;

function accountOf(names: readonly string[], ...lines: readonly string[]) {
  const passwd = join(temporaryFolder(), 'passwd');
  writeFileSync(passwd, lines.map((line) => `${line}\n`).join(''));
  return unprivilegedAccount(names, passwd);
}

const NOBODY = 'nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin';

test('root starts a server as the first account that there is', () => {
  const lines = ['mysql2:x:1:1::/:/bin/false', 'mysql:x:102:105:MySQL Server,,,:/nonexistent:/bin/false', NOBODY];
  expect(accountOf(['mariadb', 'mysql'], ...lines)).toEqual(isRoot ? { uid: 102, gid: 105 } : undefined);
});

test('root starts a server as nobody when it has no account of its own', () => {
  expect(accountOf(['mysql'], NOBODY)).toEqual(isRoot ? { uid: 65534, gid: 65533 } : undefined);
});
