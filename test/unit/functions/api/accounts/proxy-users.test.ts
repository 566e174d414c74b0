import { describe, expect, test } from '@jest/globals';
import type { FieldValue } from '@proxywatch/core/domain/control/config-rows';
import { hashPassword } from '@proxywatch/core/drivers/proxysql/control/password-hash';
import { proxyUserOf } from '../../../../../functions/api/accounts/proxy-users.ts';

const ROW: Readonly<Record<string, FieldValue>> = {
  username: 'app',
  password: 'secret',
  active: '1',
  use_ssl: '0',
  default_hostgroup: '10',
  default_schema: null,
  schema_locked: '0',
  transaction_persistent: '1',
  fast_forward: '0',
  backend: '1',
  frontend: '1',
  max_connections: '10000',
  attributes: '',
  comment: '',
};

const userOf = (fields: Readonly<Record<string, FieldValue>>) =>
  proxyUserOf({ key: '["app"]', fields: { ...ROW, ...fields } }, 'caching_sha2_password');

describe('a user of a proxy', () => {
  test('becomes an account with the same columns', () => {
    const user = userOf({
      default_schema: 'shop',
      max_connections: '7',
      use_ssl: '1',
      fast_forward: '1',
      comment: 'x',
    });
    expect(user).toMatchObject({
      kind: 'account',
      username: 'app',
      fields: {
        defaultHostgroup: 10,
        defaultSchema: 'shop',
        maxConnections: 7,
        useSsl: true,
        fastForward: true,
        transactionPersistent: true,
        schemaLocked: false,
        active: true,
        access: 'rw',
        allowedIps: [],
        comment: 'x',
      },
    });
  });

  test('has clear text hashed for the plugin that is wished', () => {
    expect(userOf({})).toMatchObject({ password: { password: 'secret', plugin: 'caching_sha2_password' } });
  });

  test.each(['mysql_native_password', 'caching_sha2_password'] as const)('keeps a %s hash', (plugin) => {
    const { hash } = hashPassword(plugin, 'secret');
    expect(userOf({ password: hash })).toMatchObject({ password: { passwordHash: hash } });
  });

  test('takes an empty schema for none, as the proxy does', () => {
    expect(userOf({ default_schema: '' })).toMatchObject({ fields: { defaultSchema: null } });
  });

  test.each<[string, Readonly<Record<string, FieldValue>>, RegExp]>([
    ['is for back ends only', { frontend: '0' }, /back ends only/],
    ['has no password', { password: '' }, /empty password/],
    ['has half a hash', { password: '*ABC' }, /hash that is none/],
    ['has a password that no MySQL takes', { password: 'x'.repeat(300) }, /MySQL cannot have/],
    ['has too long a name', { username: 'x'.repeat(33) }, /name/],
    ['has a name of several lines', { username: 'a\nb' }, /name/],
    ['has a hostgroup that is no number', { default_hostgroup: 'ten' }, /defaultHostgroup/],
    ['has a comment with control characters', { comment: 'a\u0007b' }, /comment/],
  ])('is left alone when it %s', (_, fields, reason) => {
    const user = userOf(fields);
    expect(user).toMatchObject({ kind: 'unfit', reason: expect.stringMatching(reason) });
    expect(JSON.stringify(user)).not.toContain('secret');
  });
});
