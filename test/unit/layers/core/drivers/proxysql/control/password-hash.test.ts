import { describe, expect, test } from '@jest/globals';
import {
  hashPassword,
  parsePasswordForm,
  passwordProblemOf,
  verifyPassword,
} from '../../../../../../../layers/core/src/drivers/proxysql/control/password-hash.ts';
import { fc } from '../../../../../../support/properties.ts';

// As a recorded ProxySQL 2.7.2 made them of `secret1`: the first salt was its own, the second was given.
const NATIVE = { plugin: 'mysql_native_password', hash: '*7C67218EF7410F248763DC99AEDC705367393C4A' } as const;
const SHA2_RECORDED = [
  '$A$005$Zhaz\u0002t(4=3R`{c:\u0004G\u0006\u000f(xL586/FPOdr30sRw1CsE1Z6gZJx6XAXXmSVuPNW4LqB',
  '$A$005$abcdefghij0123456789RMyu19hEqa1jdwdobBc0WxO6oC8GhD63RFjETnho1L1',
].map((hash) => ({ plugin: 'caching_sha2_password', hash }) as const);

describe('the hash of a password', () => {
  test('is what a recorded ProxySQL made of it', () => {
    expect(hashPassword('mysql_native_password', 'secret1')).toEqual(NATIVE);
    for (const recorded of [NATIVE, ...SHA2_RECORDED]) {
      expect(verifyPassword(recorded, 'secret1')).toBe(true);
      expect(verifyPassword(recorded, 'secret2')).toBe(false);
    }
  });

  test('fits its own password and no other, whatever is in it', () => {
    const password = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(password, password, (mine, other) => {
        for (const plugin of ['mysql_native_password', 'caching_sha2_password'] as const) {
          const made = hashPassword(plugin, mine);
          expect(verifyPassword(made, mine)).toBe(true);
          expect(verifyPassword(made, other)).toBe(mine === other);
          expect(parsePasswordForm(made.hash)).toEqual({ kind: 'hash', password: made });
        }
      }),
      { numRuns: 25 },
    );
  });

  test('is another each time where there is salt', () => {
    const [first, second] = [1, 2].map(() => hashPassword('caching_sha2_password', 'secret1').hash);
    expect(first).not.toBe(second);
    expect(first).toHaveLength(70);
  });

  test('never passes for a hash of the other plugin', () => {
    expect(verifyPassword({ plugin: 'caching_sha2_password', hash: NATIVE.hash }, 'secret1')).toBe(false);
  });

  test.each([
    ['empty', ''],
    ['a NUL', 'a\0b'],
    ['too long', 'ä'.repeat(129)],
    ['half a pair', '\ud800'],
  ])('is not made of a password that is %s', (_what, password) => {
    expect(passwordProblemOf(password)).toBeDefined();
    expect(() => hashPassword('mysql_native_password', password)).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID' }),
    );
    expect(verifyPassword(NATIVE, password)).toBe(false);
  });
});

describe('a text in a password column', () => {
  test('is a hash in its plugin’s form, in upper case', () => {
    expect(parsePasswordForm(NATIVE.hash.toLowerCase())).toEqual({ kind: 'hash', password: NATIVE });
    for (const password of SHA2_RECORDED) expect(parsePasswordForm(password.hash)).toEqual({ kind: 'hash', password });
  });

  test('is the password itself otherwise', () => {
    expect(parsePasswordForm('secret1')).toEqual({ kind: 'clear', clearText: 'secret1' });
  });

  test.each(['*', '*12', `${NATIVE.hash}0`, '$A$005$short', `${SHA2_RECORDED[1]?.hash}x`, '$A$009$'])(
    'that only begins like a hash is none: %j',
    (text) => {
      expect(parsePasswordForm(text).kind).toBe('malformed');
    },
  );
});
