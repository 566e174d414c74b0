import { describe, expect, test } from '@jest/globals';
import {
  isOwnRow,
  isSecretField,
  nameOfRow,
} from '../../../../../../../layers/core/src/drivers/proxysql/control/row-names.ts';
import {
  replicationKey,
  ruleKey,
  serverKey,
  userKey,
  variableKey,
} from '../../../../../../../layers/core/src/drivers/proxysql/control/tables.ts';

test.each([
  ['users', userKey('app\n'), 'user app?'],
  ['servers', serverKey(10, 'db-1', 3306), 'server db-1:3306 in hostgroup 10'],
  ['servers', serverKey(10, '::1', 3306), 'server [::1]:3306 in hostgroup 10'],
  ['replicationHostgroups', replicationKey(10), 'replication pair of hostgroup 10'],
  ['rules', ruleKey(100_000), 'query rule 100000'],
  ['variables', variableKey('mysql-threads'), 'variable mysql-threads'],
] as const)('a row of %s is told in words', (table, key, words) => {
  expect(nameOfRow(table, key)).toBe(words);
});

test('rules of 100000 to 199999 are written by nobody else', () => {
  const own = [99_999, 100_000, 199_999, 200_000].filter((id) => isOwnRow('rules', ruleKey(id)));
  expect(own).toEqual([100_000, 199_999]);
  expect(isOwnRow('users', userKey('100000'))).toBe(false);
});

describe('secrets', () => {
  test.each([
    ['users', userKey('app'), 'password'],
    ['users', userKey('app'), 'backend.password'],
    ['users', userKey('app'), 'attributes'],
    ['variables', variableKey('admin-admin_credentials'), 'variable_value'],
    ['variables', variableKey('admin-cluster_password'), 'variable_value'],
    ['variables', variableKey('mysql-monitor_password'), 'variable_value'],
    ['variables', variableKey('mysql-some_future_password'), 'variable_value'],
  ] as const)('are kept: %s %s %s', (table, key, field) => {
    expect(isSecretField(table, key, field)).toBe(true);
  });

  test.each([
    ['users', userKey('app'), 'comment'],
    ['variables', variableKey('admin-admin_credentials'), 'variable_name'],
    ['variables', variableKey('mysql-threads'), 'variable_value'],
  ] as const)('are not: %s %s %s', (table, key, field) => {
    expect(isSecretField(table, key, field)).toBe(false);
  });
});
