import { describe, expect, test } from '@jest/globals';
import type { ConfigRow, FieldValue } from '@proxywatch/core/domain/control/config-rows';
import type { RoutedStatement } from '@proxywatch/core/domain/control/test-sql/query-rule';
import { routeStatement, sliceOf } from '@proxywatch/core/domain/control/test-sql/route-statement';

const SELECT: RoutedStatement = {
  sql: 'SELECT name FROM users WHERE id = 7',
  digestText: 'SELECT name FROM users WHERE id = ?',
  digest: '0x00A2E81530440E01',
  username: 'app',
  schema: 'shop',
};
const ACCOUNT = { defaultHostgroup: 10, fastForward: false };

function rule(id: number, fields: Readonly<Record<string, FieldValue>>): ConfigRow {
  return { key: JSON.stringify([String(id)]), fields: { rule_id: String(id), active: '1', apply: '0', ...fields } };
}

function route(rows: readonly ConfigRow[], statement: Partial<RoutedStatement> = {}) {
  return routeStatement(rows, { ...SELECT, ...statement }, ACCOUNT);
}

describe('a statement', () => {
  test('goes to the default hostgroup of its account when no rule matches', () => {
    expect(route([])).toEqual({
      outcome: { kind: 'forwarded', hostgroup: 10 },
      decidedBy: null,
      matched: [],
      undecided: [],
    });
  });

  test('goes where the first rule sends it that is the last one to be looked at', () => {
    const rows = [
      rule(200, { match_digest: '^SELECT', destination_hostgroup: '30', apply: '1' }),
      rule(100, { match_digest: '^SELECT', destination_hostgroup: '20', apply: '1', comment: 'reads' }),
    ];
    expect(route(rows)).toMatchObject({
      outcome: { kind: 'forwarded', hostgroup: 20 },
      decidedBy: 100,
      matched: [{ rule: 100, hostgroup: 20, errorMessage: null, isLast: true, comment: 'reads' }],
    });
  });

  test('goes where the last match sends it while none is final', () => {
    const rows = [rule(1, { destination_hostgroup: '20' }), rule(2, { destination_hostgroup: '30' }), rule(3, {})];
    expect(route(rows)).toMatchObject({ outcome: { hostgroup: 30 }, decidedBy: 2 });
    expect(route(rows).matched.map((match) => match.rule)).toEqual([1, 2, 3]);
  });

  test('is refused by an error message, whatever the hostgroup', () => {
    const rows = [rule(1, { error_msg: 'no' }), rule(2, { destination_hostgroup: '30', apply: '1' })];
    expect(route(rows)).toMatchObject({ outcome: { kind: 'refused', message: 'no' }, decidedBy: 1 });
  });

  test('is answered by the proxy before it is refused', () => {
    const rows = [rule(1, { error_msg: 'no' }), rule(2, { OK_msg: 'fine' })];
    expect(route(rows)).toMatchObject({ outcome: { kind: 'answered', message: 'fine' }, decidedBy: 2 });
  });

  test('passes all rules by when the account is fast forward', () => {
    const rows = [rule(1, { error_msg: 'no', apply: '1' })];
    const passed = routeStatement(rows, SELECT, { defaultHostgroup: 10, fastForward: true });
    expect(passed).toMatchObject({ outcome: { hostgroup: 10 }, matched: [] });
  });

  test('meets only rules of the flag that the last match left', () => {
    const rows = [
      rule(1, { flagIN: '5', destination_hostgroup: '50' }),
      rule(2, { flagOUT: '7' }),
      rule(3, { flagIN: '0', destination_hostgroup: '30' }),
      rule(4, { flagIN: '7', destination_hostgroup: '40' }),
    ];
    expect(route(rows)).toMatchObject({ outcome: { hostgroup: 40 }, decidedBy: 4 });
    expect(route(rows).matched.map((match) => match.rule)).toEqual([2, 4]);
  });
});

describe('a rule', () => {
  test.each<[string, Readonly<Record<string, FieldValue>>, boolean]>([
    ['of another user', { username: 'batch' }, false],
    ['of the user', { username: 'app' }, true],
    ['of the user in another case', { username: 'App' }, false],
    ['of any user', { username: '' }, true],
    ['of another schema', { schemaname: 'crm' }, false],
    ['of the schema', { schemaname: 'shop' }, true],
    ['of the digest, as text', { digest: '0xa2e81530440e01' }, true],
    ['of another digest', { digest: '0xA2E81530440E02' }, false],
    ['with a pattern, without regard to case unless told', { match_digest: '^select' }, true],
    ['with a pattern that regards case', { match_digest: '^select', re_modifiers: '' }, false],
    ['with a pattern over the literals', { match_pattern: 'id = 7$' }, true],
    ['whose pattern over the digest sees no literals', { match_digest: 'id = 7$' }, false],
    ['with a pattern that must not match', { match_digest: '^SELECT', negate_match_pattern: '1' }, false],
    ['that is switched off', { active: '0' }, false],
    ['for clients of anywhere', { client_addr: '%' }, true],
  ])('%s: %o matches: %s', (_, fields, isMatch) => {
    const { matched, undecided } = route([rule(1, fields)]);
    expect(matched.length === 1).toBe(isMatch);
    expect(undecided).toEqual([]);
  });

  test('for some clients is decided when the address of the client is known', () => {
    const rows = [
      rule(1, { client_addr: '10.1.%', destination_hostgroup: '20' }),
      rule(2, { client_addr: '10.1.0.7' }),
    ];
    expect(route(rows, { clientAddress: '10.1.0.7' }).matched).toHaveLength(2);
    expect(route(rows, { clientAddress: '10.2.0.7' }).matched).toHaveLength(0);
    expect(route(rows).undecided).toEqual([
      { rule: 1, reason: 'it asks for clients from 10.1.%, and no clientAddress was given' },
      { rule: 2, reason: 'it asks for clients from 10.1.0.7, and no clientAddress was given' },
    ]);
  });

  test('that cannot be told is left out and named, unless it surely does not match', () => {
    const rows = [
      rule(1, { match_digest: '(?=SELECT)', destination_hostgroup: '20' }),
      rule(2, { match_digest: '(?=SELECT)', username: 'batch' }),
      rule(3, { proxy_port: '6033' }),
    ];
    expect(route(rows)).toMatchObject({ outcome: { hostgroup: 10 }, matched: [] });
    expect(route(rows).undecided).toEqual([
      { rule: 1, reason: 'its pattern is not one of RE2: look-ahead ((?=…) is unknown to RE2' },
      { rule: 3, reason: 'it asks for the address of the proxy that the client connected to' },
    ]);
  });

  test('that rewrites leaves those behind it undecided', () => {
    const rows = [rule(1, { match_pattern: 'users', replace_pattern: 'people' }), rule(2, { match_pattern: 'users' })];
    expect(route(rows).undecided).toEqual([
      { rule: 2, reason: 'an earlier rule rewrites the statement, and what it becomes is not worked out' },
    ]);
  });

  test('whose pattern would take too long is named, and so are those behind it', () => {
    const rows = [rule(1, { match_pattern: '(a?){900}b{900}' }), rule(2, { match_digest: 'a' }), rule(3, {})];
    const { undecided, matched } = route(rows, { sql: 'a'.repeat(100_000) });
    const reason = 'trying out the patterns takes too long';
    expect(undecided).toEqual([
      { rule: 1, reason },
      { rule: 2, reason },
    ]);
    expect(matched.map((match) => match.rule)).toEqual([3]);
  });
});

test('a hostgroup stands for the writer or the readers of a slice', () => {
  const slices = [{ name: 'orders', writerHostgroup: 10, readerHostgroup: 11, cluster: 'orders-eu' }];
  expect(sliceOf(slices, 10)).toEqual({ name: 'orders', cluster: 'orders-eu', role: 'writer' });
  expect(sliceOf(slices, 11)).toEqual({ name: 'orders', cluster: 'orders-eu', role: 'reader' });
  expect(sliceOf(slices, 12)).toBeUndefined();
});
