import { describe, expect, test } from '@jest/globals';
import { cachingSha2Password } from '../../../../../../infra/local/lab/admin/caching-sha2.ts';
import { mysqlNativePassword } from '../../../../../../infra/local/lab/admin/passwords.ts';

describe('hashed passwords are those of a recorded ProxySQL', () => {
  test('MYSQL_NATIVE_PASSWORD', () => {
    expect(mysqlNativePassword('secret1')).toBe('*7C67218EF7410F248763DC99AEDC705367393C4A');
  });

  test('CACHING_SHA2_PASSWORD with a given salt', () => {
    expect(cachingSha2Password('secret1', Buffer.from('abcdefghij0123456789')).toString()).toBe(
      '$A$005$abcdefghij0123456789RMyu19hEqa1jdwdobBc0WxO6oC8GhD63RFjETnho1L1',
    );
  });

  test('CACHING_SHA2_PASSWORD draws a salt of its own', () => {
    const [first, second] = [cachingSha2Password('x'), cachingSha2Password('x')];
    expect(first).toHaveLength(70);
    expect(first.equals(second)).toBe(false);
  });

  test('a salt of another length is refused', () => {
    expect(() => cachingSha2Password('x', Buffer.from('short'))).toThrow('a salt has 20 bytes, not 5');
  });
});
