import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { parseCredentials, provesPassword } from '../../../../../../../infra/local/lab/admin/wire/login.ts';

const sha1 = (...parts: Buffer[]): Buffer => createHash('sha1').update(Buffer.concat(parts)).digest();
const seed = Buffer.from('abcdefghij0123456789');

/** What a client sends. */
function tokenFor(password: string): Buffer {
  const once = sha1(Buffer.from(password));
  const mask = sha1(seed, sha1(once));
  return Buffer.from(once.map((byte, i) => byte ^ mask[i]!));
}

describe('a log-in', () => {
  test.each([
    ['the right password', 'sécret', tokenFor('sécret'), true],
    ['a wrong password', 'sécret', tokenFor('secret'), false],
    ['no password', 'sécret', Buffer.alloc(0), false],
    ['no password where none is set', '', Buffer.alloc(0), true],
    ['a password where none is set', '', tokenFor('x'), false],
    ['a token of the wrong length', 'sécret', tokenFor('sécret').subarray(1), false],
  ])('with %s', (_name, password, token, accepted) => {
    expect(provesPassword({ user: 'u', seed, token }, password)).toBe(accepted);
  });
});

test('credentials are pairs, a colon may stand in the password', () => {
  expect([...parseCredentials('admin:admin; radmin:a:b;broken;:x;empty:')]).toEqual([
    ['admin', 'admin'],
    ['radmin', 'a:b'],
    ['empty', ''],
  ]);
});
