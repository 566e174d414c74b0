import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { verifyPassword } from '../../../../../../../infra/local/lab/traffic-port/session/login.ts';

const sha1 = (data: Buffer) => createHash('sha1').update(data).digest();
const STAGE_1 = sha1(Buffer.from('se:cret'));
const HASH = `*${sha1(STAGE_1).toString('hex').toUpperCase()}`;

function attempt(password: string) {
  const seed = randomBytes(20);
  const stage1 = sha1(Buffer.from(password));
  const mask = sha1(Buffer.concat([seed, sha1(stage1)]));
  const token = password === '' ? Buffer.alloc(0) : Buffer.from(stage1.map((byte, i) => byte ^ (mask[i] ?? 0)));
  return { user: 'app', schema: undefined, charset: 33, foundRows: true, seed, token };
}

describe('a proof of a password', () => {
  test('that is stored clear gives the password', () => {
    expect(verifyPassword(attempt('se:cret'), 'se:cret')).toBe('se:cret');
  });

  test('that is stored hashed gives what a log-in elsewhere needs', () => {
    expect(verifyPassword(attempt('se:cret'), HASH)).toEqual({ sha1: STAGE_1 });
  });

  test.each(['se:cret', HASH, ''])('fails against %j when it is of another password', (stored) => {
    expect(verifyPassword(attempt('other'), stored)).toBeUndefined();
  });

  test.each(['se:cret', HASH])('fails against %j when there is none', (stored) => {
    expect(verifyPassword(attempt(''), stored)).toBeUndefined();
  });

  test('is not needed for an empty password', () => {
    expect(verifyPassword(attempt(''), '')).toBe('');
  });
});
