import { describe, expect, test } from '@jest/globals';
import {
  differenceWords,
  maskedValue,
  wordsOf,
} from '../../../../../../layers/core/src/domain/control/change-words.ts';
import { describePlan } from '../../../../../../layers/core/src/domain/control/describe-plan.ts';
import { PLAIN_RULES } from './row-rules.ts';

const row = { key: 'app', fields: { max_connections: '200', password: '*SECRET', comment: '', schema: null } };

describe('a change in words', () => {
  test('tells values, and of secrets only that they are set', () => {
    expect(wordsOf(PLAIN_RULES, { kind: 'add', table: 'users', row })).toBe(
      "add users app (max_connections 200, password set, comment '', schema NULL)",
    );
    const fields = [
      { field: 'max_connections', from: '100', to: '200' },
      { field: 'password', from: '*OLD', to: '*SECRET' },
    ];
    expect(wordsOf(PLAIN_RULES, { kind: 'change', table: 'users', row, fields })).toBe(
      'change users app: max_connections 100 → 200, password changes',
    );
    expect(wordsOf(PLAIN_RULES, { kind: 'delete', table: 'users', row })).toBe('delete users app');
  });

  test('of a difference names the layers, and no secret', () => {
    const fields = [{ field: 'password', from: '*OLD', to: '*SECRET' }];
    const difference = { table: 'users' as const, key: 'app', left: row, right: row, fields };
    expect(differenceWords(PLAIN_RULES, difference, 'memory', 'runtime')).toBe('users app: password differs');
    expect(differenceWords(PLAIN_RULES, { ...difference, right: undefined }, 'memory', 'disk')).toBe(
      'users app is in memory, not in disk',
    );
  });

  test('masks a secret that is there, and shows one that is empty', () => {
    expect(maskedValue(PLAIN_RULES, 'users', 'app', 'password', '*SECRET')).toBe('***');
    expect(maskedValue(PLAIN_RULES, 'users', 'app', 'password', '')).toBe('');
    expect(maskedValue(PLAIN_RULES, 'users', 'app', 'max_connections', '1')).toBe('1');
  });
});

test('a plan in words has its groups, what is kept back and why', () => {
  const text = describePlan({
    version: 1,
    namespace: 'shop',
    namespaceRevision: 3,
    modules: ['users'],
    options: { acceptLoads: false, adopt: false, allowMassDelete: false },
    reason: '',
    groups: [
      {
        id: 'px-1',
        kind: 'managed',
        members: ['px-1', 'px-2'],
        writer: 'px-1',
        proxies: [
          {
            proxy: 'px-1',
            changes: [
              { kind: 'delete', table: 'users', key: 'old', name: 'user old', words: 'delete user old', fields: [] },
            ],
            adopted: ['user app'],
            kept: { users: 1 },
            loads: [{ kind: 'edit', words: 'user x is in memory, not in runtime' }],
            basedOn: { desired: 'd', found: 'f' },
          },
        ],
      },
    ],
    warnings: ['careful'],
    refusals: [{ code: 'LOAD_BRINGS_MORE', message: 'somebody edits', group: 'px-1', override: 'acceptLoads' }],
    notes: [{ subject: 'account app', field: 'allowedIps', support: 'lossy', reason: 'no networks' }],
    needsAdmin: false,
  });
  expect(text).toBe(`plan for shop, revision 3: users

group px-1 (px-1, px-2), written at px-1
  px-1
    - delete user old
    = user app is as wanted and becomes managed
    ! a LOAD would bring along: user x is in memory, not in runtime

warnings:
  careful

not wholly expressible:
  account app, allowedIps: lossy, no networks

refused:
  px-1: somebody edits (a plan with acceptLoads allows it)
`);
});
