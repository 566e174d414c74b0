import { describe, expect, test } from '@jest/globals';
import type { ConfigTable, FieldValue } from '../../../../../../../layers/core/src/domain/control/config-rows.ts';
import { hashPassword } from '../../../../../../../layers/core/src/drivers/proxysql/control/password-hash.ts';
import { isSameValue } from '../../../../../../../layers/core/src/drivers/proxysql/control/same-value.ts';

type Case = [table: ConfigTable, field: string, one: FieldValue, other: FieldValue];

describe('two values of a column', () => {
  test.each<Case>([
    ['users', 'default_schema', null, ''],
    ['users', 'comment', '', null],
    ['users', 'max_connections', '0100', '100'],
    ['servers', 'status', 'online', 'ONLINE'],
    ['rules', 'schemaname', '', null],
    ['rules', 'digest', '0xabcDEF', '0xABCdef'],
    ['rules', 're_modifiers', 'caseless', 'CASELESS'],
    ['variables', 'variable_value', '1', 'true'],
    ['variables', 'variable_value', 'FALSE', '0'],
    ['variables', 'variable_value', '007', '7'],
    ['variables', 'variable_value', 'x', 'x'],
  ])('are the same: %s %s %j %j', (table, field, one, other) => {
    expect(isSameValue(table, field, one, other)).toBe(true);
    expect(isSameValue(table, field, other, one)).toBe(true);
  });

  test.each<Case>([
    ['users', 'username', '01', '1'],
    ['users', 'comment', '01', '1'],
    ['users', 'default_hostgroup', null, '0'],
    ['rules', 'error_msg', '', null],
    ['rules', 'destination_hostgroup', null, '0'],
    ['rules', 'match_digest', '^SELECT', '^select'],
    ['servers', 'hostname', 'DB', 'db'],
    ['variables', 'variable_value', 'true', 'yes'],
    ['variables', 'variable_value', 'true', '2'],
    ['variables', 'variable_value', 'abc', '0'],
    ['variables', 'variable_value', '1', '0'],
    ['variables', 'variable_value', '', '0'],
  ])('are different: %s %s %j %j', (table, field, one, other) => {
    expect(isSameValue(table, field, one, other)).toBe(false);
    expect(isSameValue(table, field, other, one)).toBe(false);
  });

  test('are the same when one is the hash of the other, a password', () => {
    for (const plugin of ['mysql_native_password', 'caching_sha2_password'] as const) {
      const { hash } = hashPassword(plugin, 'secret1');
      for (const field of ['password', 'backend.password']) {
        expect(isSameValue('users', field, hash, 'secret1')).toBe(true);
        expect(isSameValue('users', field, 'secret1', hash)).toBe(true);
        expect(isSameValue('users', field, hash, 'secret2')).toBe(false);
      }
      expect(isSameValue('users', 'password', hash.toLowerCase(), hash)).toBe(plugin === 'mysql_native_password');
    }
    expect(isSameValue('users', 'password', hashPassword('caching_sha2_password', 'a').hash, '*')).toBe(false);
    expect(isSameValue('rules', 'comment', hashPassword('mysql_native_password', 'a').hash, 'a')).toBe(false);
  });
});
