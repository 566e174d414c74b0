import { describe, expect, test } from '@jest/globals';
import { effectiveMonitoring } from '@proxywatch/core/domain/monitoring-settings/effective-monitoring';
import { LEAVES } from '@proxywatch/core/domain/monitoring-settings/leaves';
import type { MonitoringOverrides } from '@proxywatch/core/domain/monitoring-settings/overrides';
import { readOverrides } from '@proxywatch/core/domain/monitoring-settings/read-overrides';
import { statementFilterOf } from '@proxywatch/core/domain/monitoring-settings/statement-filter';
import { fc } from '../../../../../support/properties.ts';

const FULL: MonitoringOverrides = {
  collectors: {
    status: { enabled: true, intervalMs: 60_000, timeoutMs: 1_000, routes: ['redis', 'kafka'] },
    slowSql: { enabled: false, routes: [] },
  },
  digestTopN: 50,
  sqlStatsTopN: 20,
  collectTimeoutMs: 5_000,
  slowSqlMs: 200,
  slowTransactionMs: 1_000,
  textLength: 256,
  showLiterals: true,
  include: { schemas: ['shop*'] },
  exclude: { users: ['backup'], digests: ['0x1'] },
};

describe('what holds for a proxy', () => {
  test('is said by the narrowest scope that says anything, field by field', () => {
    const { overrides, sources } = effectiveMonitoring(
      { slowSqlMs: 1, slowTransactionMs: 1_000, collectors: { status: { enabled: false, intervalMs: 60_000 } } },
      { slowSqlMs: 2, collectors: { status: { intervalMs: 120_000 } }, include: { users: ['a', 'b'] } },
      { slowSqlMs: 3, include: { users: ['c'] } },
    );
    expect(overrides).toEqual({
      slowSqlMs: 3,
      slowTransactionMs: 1_000,
      collectors: { status: { enabled: false, intervalMs: 120_000 } },
      include: { users: ['c'] },
    });
    expect(sources).toEqual({
      '/collectors/status/enabled': 'fleet',
      '/collectors/status/intervalMs': 'namespace',
      '/slowSqlMs': 'proxy',
      '/slowTransactionMs': 'fleet',
      '/include/users': 'proxy',
    });
  });

  test('may be nothing at all', () => {
    expect(effectiveMonitoring(undefined, undefined, undefined)).toEqual({ overrides: {}, sources: {} });
  });

  test('does not come from a field that is damaged', () => {
    const broken = { slowSqlMs: 'soon', digestTopN: 0 } as unknown as MonitoringOverrides;
    expect(effectiveMonitoring({ slowSqlMs: 5 }, undefined, broken).overrides).toEqual({ slowSqlMs: 5 });
  });

  test('is written the same way whatever the order it was given in', () => {
    const shuffled = Object.fromEntries(Object.entries(FULL).toReversed()) as MonitoringOverrides;
    const text = (overrides: MonitoringOverrides) =>
      JSON.stringify(effectiveMonitoring(overrides, undefined, undefined).overrides);
    expect(text(shuffled)).toBe(text(FULL));
    expect(effectiveMonitoring(FULL, undefined, undefined).overrides).toEqual(FULL);
  });
});

describe('overrides that somebody else wrote', () => {
  test('are read whole when all of them are understood', () => {
    expect(readOverrides(JSON.parse(JSON.stringify(FULL)))).toEqual(FULL);
  });

  test.each([[undefined], [null], [5], ['x'], [[]], [{}], [{ future: { a: 1 } }], [{ collectors: 'all' }]])(
    '%j are none',
    (value) => {
      expect(readOverrides(value)).toBeUndefined();
    },
  );

  test.each([
    [{ slowSqlMs: 0 }],
    [{ slowSqlMs: 1.5 }],
    [{ slowSqlMs: '5' }],
    [{ collectors: { status: { routes: ['dcdb'] } } }],
    [{ collectors: { keyLogs: { routes: ['s3'] } } }],
    [{ collectors: { keyLogs: { routes: ['dcdb', 'dcdb'] } } }],
    [{ collectors: { slowSql: { timeoutMs: 1_000 } } }],
    [{ collectors: { gone: { enabled: false } } }],
    [{ include: { users: [''] } }],
    [{ include: { users: ['x'.repeat(65)] } }],
    [{ include: { users: Array.from({ length: 21 }, () => 'x') } }],
    [{ exclude: ['x'] }],
    [{ showLiterals: 1 }],
  ])('%j is left out, and the rest is kept', (damaged) => {
    expect(readOverrides({ digestTopN: 7, ...damaged })).toEqual({ digestTopN: 7 });
  });

  test('never throw, and hold nothing but known fields with values that are allowed', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.record(mutations())), (value) => {
        const read = readOverrides(value);
        if (read === undefined) return;
        const paths = pathsOf(read).map((path) => path.join('/'));
        expect(LEAVES.map(({ path }) => path.join('/'))).toEqual(expect.arrayContaining(paths));
        expect(readOverrides(read)).toEqual(read);
      }),
    );
  });

  function mutations() {
    return Object.fromEntries(
      Object.entries(FULL).map(([name, value]) => [name, fc.oneof(fc.constant(value), fc.jsonValue())]),
    );
  }
  function pathsOf(value: object): string[][] {
    return Object.entries(value).flatMap(([name, inner]) =>
      typeof inner === 'object' && !Array.isArray(inner)
        ? pathsOf(inner as object).map((path) => [name, ...path])
        : [[name]],
    );
  }
});

describe('a filter of statements', () => {
  const of = (overrides: MonitoringOverrides) => statementFilterOf(overrides) ?? (() => true);

  test('is none where nothing is said', () => {
    expect(statementFilterOf(undefined)).toBeUndefined();
    expect(statementFilterOf({ include: {}, exclude: { users: [] } })).toBeUndefined();
  });

  test('takes what fits every list of the included, and none of the excluded', () => {
    const filter = of({ include: { schemas: ['shop', 'crm*'], users: ['app_*'] }, exclude: { digests: ['0xBAD'] } });
    expect(filter({ schema: 'shop', user: 'app_rw', digest: '0x1' })).toBe(true);
    expect(filter({ schema: 'crm_eu', user: 'app_rw', digest: '0x1' })).toBe(true);
    expect(filter({ schema: 'shopping', user: 'app_rw', digest: '0x1' })).toBe(false);
    expect(filter({ schema: 'shop', user: 'root', digest: '0x1' })).toBe(false);
    expect(filter({ schema: 'shop', user: 'app_rw', digest: '0xBAD' })).toBe(false);
  });

  test('is not decided by what is not known', () => {
    expect(of({ include: { digests: ['0x1'] } })({ user: 'a' })).toBe(true);
    expect(of({ exclude: { digests: ['*'] } })({ user: 'a' })).toBe(true);
  });

  test('takes * for any text, as an expression would', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '\\'), maxLength: 8 });
    const glob = fc.string({ unit: fc.constantFrom('a', 'b', '.', '\\', '*'), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(text, glob, (value, pattern) => {
        const source = pattern.split('*').map((part) => part.replace(/[.\\]/g, '\\$&'));
        const expected = new RegExp(`^${source.join('.*')}$`).test(value);
        expect(of({ include: { users: [pattern] } })({ user: value })).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });
});
