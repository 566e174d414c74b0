import { describe, expect, test } from '@jest/globals';
import type { ConfigRow, LayerRows } from '../../../../../../../layers/core/src/domain/control/config-rows.ts';
import { cautionsOf } from '../../../../../../../layers/core/src/drivers/proxysql/control/cautions.ts';

const rule = (id: number, fields: ConfigRow['fields'] = {}): ConfigRow => ({
  key: JSON.stringify([String(id)]),
  fields: { rule_id: String(id), active: '1', apply: '1', flagOUT: null, match_digest: null, ...fields },
});
const variable = (name: string, value: string): ConfigRow => ({
  key: JSON.stringify([name]),
  fields: { variable_name: name, variable_value: value },
});
const pair = (writer: string, reader: string): ConfigRow => ({
  key: JSON.stringify([writer]),
  fields: { writer_hostgroup: writer, reader_hostgroup: reader },
});

describe('what stands in the way on a proxy', () => {
  test('is nothing where nothing is wanted, or nobody else was', () => {
    expect(cautionsOf({}, { rules: [rule(1)], variables: [variable('mysql-query_digests', 'false')] })).toEqual([]);
    expect(cautionsOf({ rules: [rule(100_000)] }, { rules: [rule(100_000), rule(200_000)] })).toEqual([]);
  });

  test('are rules of others that decide first', () => {
    const passing = rule(3, { apply: '0' });
    const found = [rule(200), rule(50, { apply: '0', flagOUT: '7' }), rule(4, { active: '0' }), passing];
    expect(cautionsOf({ rules: [rule(100_000)] }, { rules: found })).toEqual([
      'query rules of others come first, and statements that they match reach no rule of Proxywatch: 50, 200',
    ]);
    const many = Array.from({ length: 12 }, (_, i) => rule(i));
    expect(cautionsOf({ rules: [rule(100_000)] }, { rules: many })[0]).toMatch(/8, 9 and 2 more$/);
  });

  test.each<[string, LayerRows, LayerRows, RegExp]>([
    [
      'digests that are off',
      { rules: [rule(100_000, { match_digest: '^SELECT' })] },
      { variables: [variable('mysql-query_digests', 'false')] },
      /apply to every statement/,
    ],
    [
      'a plugin that lets no such user in',
      { users: [{ key: '["a"]', fields: { password: '$A$005$' } }] },
      { variables: [variable('mysql-default_authentication_plugin', 'mysql_native_password')] },
      /1 users with a caching_sha2_password hash cannot log in/,
    ],
    [
      'a reader that is taken',
      { replicationHostgroups: [pair('10', '20')] },
      { replicationHostgroups: [pair('11', '20'), pair('10', '21')] },
      /hostgroup 20 is the reader of hostgroup 11 already/,
    ],
    [
      'a monitor that is off',
      { replicationHostgroups: [pair('10', '20')], variables: [variable('mysql-monitor_enabled', '0')] },
      { variables: [variable('mysql-monitor_enabled', 'true')] },
      /nothing moves servers/,
    ],
  ])('is %s', (_what, wanted, found, words) => {
    expect(cautionsOf(wanted, found)).toEqual([expect.stringMatching(words)]);
  });

  test('is not what is about to be put right', () => {
    const wanted = {
      rules: [rule(100_000, { match_digest: '^SELECT' })],
      variables: [variable('mysql-query_digests', 'true')],
    };
    expect(cautionsOf(wanted, { variables: [variable('mysql-query_digests', 'false')] })).toEqual([]);
  });
});
