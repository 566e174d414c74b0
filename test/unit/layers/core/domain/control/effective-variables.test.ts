import { describe, expect, test } from '@jest/globals';
import {
  effectiveVariables,
  secretContextOf,
  type VariableScope,
  type VariableSetting,
} from '@proxywatch/core/domain/control/effective-variables';
import { fc } from '../../../../../support/properties.ts';

function setting(scope: VariableScope, scopeName: string, name: string, value = scope): VariableSetting {
  return { id: `${scope}/${scopeName}/${name}`, scope, scopeName, kind: 'proxysql', name, value, isSecret: false };
}

const valuesFor = (settings: readonly VariableSetting[], namespace: string, proxyId?: string) =>
  Object.fromEntries(
    effectiveVariables(settings, { namespace, ...(proxyId === undefined ? {} : { proxyId }) }).map(
      ({ name, value }) => [name, value],
    ),
  );

describe('the variables that hold for a proxy', () => {
  const settings = [
    setting('proxy', 'lab-1', 'mysql-max_connections'),
    setting('fleet', '', 'mysql-max_connections'),
    setting('namespace', 'shop', 'mysql-max_connections'),
    setting('namespace', 'shop', 'mysql-long_query_time'),
    setting('fleet', '', 'mysql-wait_timeout'),
    setting('namespace', 'reporting', 'mysql-wait_timeout'),
    setting('proxy', 'lab-2', 'mysql-wait_timeout'),
  ];

  test('are those of the narrowest scope that decides', () => {
    expect(valuesFor(settings, 'shop', 'lab-1')).toEqual({
      'mysql-long_query_time': 'namespace',
      'mysql-max_connections': 'proxy',
      'mysql-wait_timeout': 'fleet',
    });
  });

  test('leave settings of other namespaces and other proxies aside', () => {
    expect(valuesFor(settings, 'reporting', 'lab-3')).toEqual({
      'mysql-max_connections': 'fleet',
      'mysql-wait_timeout': 'namespace',
    });
  });

  test('of a namespace as such take no proxy into account', () => {
    expect(valuesFor(settings, 'shop')).toMatchObject({ 'mysql-max_connections': 'namespace' });
  });

  test('do not take the namespace named like a proxy for the proxy', () => {
    expect(valuesFor([setting('proxy', 'shop', 'mysql-threads')], 'shop', 'lab-1')).toEqual({});
  });

  test('do not depend on the order in which settings come', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(settings, { minLength: settings.length }), (shuffled) => {
        const holder = { namespace: 'shop', proxyId: 'lab-1' };
        expect(effectiveVariables(shuffled, holder)).toEqual(effectiveVariables(settings, holder));
      }),
    );
  });
});

test('a secret is sealed for its kind and name', () => {
  expect(secretContextOf({ kind: 'proxysql', name: 'mysql-monitor_password' })).toBe(
    'variable:proxysql:mysql-monitor_password',
  );
});
