import { describe, expect, test } from '@jest/globals';
import { digestOf } from '@proxywatch/core/drivers/proxysql/digests/digest-hash';
import type { RuntimeRule } from '../../../../../../../infra/local/lab/contract.ts';
import { createQueryRouter } from '../../../../../../../infra/local/lab/traffic-port/routing/query-router.ts';

function rule(ruleId: number, fields: Partial<RuntimeRule>): RuntimeRule {
  return {
    ruleId,
    flagIn: 0,
    flagOut: null,
    clientAddress: null,
    matchDigest: null,
    matchPattern: null,
    caseless: true,
    negate: false,
    username: null,
    schemaname: null,
    digest: null,
    destinationHostgroup: null,
    timeoutMs: null,
    errorMessage: null,
    apply: true,
    ...fields,
  };
}

function route(
  rules: readonly RuntimeRule[],
  digestText: string,
  fields: { sql?: string; user?: string; schema?: string; client?: string } = {},
) {
  return createQueryRouter(rules)({
    sql: digestText,
    user: 'app_rw',
    schema: 'shop',
    client: '10.0.0.1',
    ...fields,
    digestText,
  });
}

describe('a statement', () => {
  const split = [
    rule(100, { matchDigest: '^SELECT.*FOR UPDATE', destinationHostgroup: 10 }),
    rule(200, { matchDigest: '^SELECT', destinationHostgroup: 20 }),
  ];

  test('goes where the first matching rule that applies sends it', () => {
    expect(route(split, 'SELECT n FROM stock WHERE sku=? FOR UPDATE')).toMatchObject({ hostgroup: 10, hits: [100] });
    expect(route(split, 'select n from stock')).toMatchObject({ hostgroup: 20, hits: [200] });
    expect(route(split, 'UPDATE stock SET n=?')).toMatchObject({ hostgroup: undefined, hits: [] });
  });

  test('goes on to the next rule after one that does not apply', () => {
    const rules = [rule(1, { matchDigest: 'stock', destinationHostgroup: 30, apply: false }), ...split];
    expect(route(rules, 'SELECT n FROM stock')).toMatchObject({ hostgroup: 20, hits: [1, 200] });
    expect(route(rules, 'UPDATE stock SET n=?')).toMatchObject({ hostgroup: 30, hits: [1] });
  });

  test('is judged by rules in the order of their ids', () => {
    expect(route([...split].reverse(), 'SELECT ? FOR UPDATE')).toMatchObject({ hits: [100] });
  });

  test('is looked at by the rules of the flag that the last match left', () => {
    const rules = [
      rule(1, { clientAddress: '10.0.0.%', flagOut: 5, timeoutMs: 200, apply: false }),
      rule(2, { clientAddress: '::1', flagOut: 5, apply: false }),
      rule(3, { errorMessage: 'not from there' }),
      rule(4, { flagIn: 5, flagOut: 0, apply: false }),
      ...split,
    ];
    expect(route(rules, 'SELECT ?')).toMatchObject({ hostgroup: 20, timeoutMs: 200, hits: [1, 4, 200] });
    expect(route(rules, 'SELECT ?', { client: '::1' })).toMatchObject({ hostgroup: 20, hits: [2, 4, 200] });
    expect(route(rules, 'SELECT ?', { client: '10.0.1.1' })).toMatchObject({
      errorMessage: 'not from there',
      hits: [3],
    });
    expect(route(rules, 'SELECT ?', { client: '::11' })).toMatchObject({ hits: [3] });
  });

  test('must meet all conditions of a rule', () => {
    const rules = [
      rule(1, { username: 'batch', destinationHostgroup: 1 }),
      rule(2, { schemaname: 'crm', destinationHostgroup: 2 }),
      rule(3, { digest: digestOf('SELECT ?').toLowerCase(), destinationHostgroup: 3 }),
      rule(4, { matchPattern: 'sku=.x.', destinationHostgroup: 4 }),
      rule(5, { matchDigest: '^INSERT', caseless: false, destinationHostgroup: 5 }),
      rule(6, { matchDigest: '^(INSERT|insert)', negate: true, destinationHostgroup: 6 }),
    ];
    expect(route(rules, 'SET ?', { user: 'batch' }).hostgroup).toBe(1);
    expect(route(rules, 'SET ?', { schema: 'crm' }).hostgroup).toBe(2);
    expect(route(rules, 'SELECT ?').hostgroup).toBe(3);
    expect(route(rules, 'SELECT n FROM stock WHERE sku=?', { sql: "… sku='x'" }).hostgroup).toBe(4);
    expect(route(rules, 'INSERT INTO t').hostgroup).toBe(5);
    expect(route(rules, 'insert into t').hostgroup).toBeUndefined();
    expect(route(rules, 'UPDATE t').hostgroup).toBe(6);
  });

  test("can be answered with a rule's error", () => {
    expect(route([rule(1, { matchDigest: 'DROP', errorMessage: 'not here' })], 'DROP TABLE t').errorMessage).toBe(
      'not here',
    );
  });

  test('is not bothered by a rule whose pattern is no expression', () => {
    expect(route([rule(1, { matchDigest: '(', destinationHostgroup: 1 }), ...split], 'SELECT ?').hits).toEqual([200]);
  });
});
