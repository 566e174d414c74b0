import { describe, expect, test } from '@jest/globals';
import { acceptedValue, VARIABLE_RULES } from '../../../../../../../infra/local/lab/admin/layers/variable-rules.ts';

describe('what runtime makes of a wanted value', () => {
  test.each([
    ['mysql-long_query_time', '500', '500'],
    ['mysql-long_query_time', 'abc', '0'],
    ['mysql-long_query_time', '12abc', '12'],
    ['mysql-long_query_time', '999999999999', undefined],
    ['mysql-max_connections', '-5', undefined],
    ['mysql-max_connections', 'abc', undefined],
    ['mysql-max_connections', '1', '1'],
    ['mysql-max_connections', '1000000', '1000000'],
    ['mysql-max_connections', '1000001', undefined],
    ['mysql-multiplexing', 'maybe', undefined],
    ['mysql-multiplexing', 'FALSE', 'false'],
    ['mysql-multiplexing', '1', 'true'],
    ['mysql-threads', '3', undefined],
    ['mysql-init_connect', 'SET x=1', 'SET x=1'],
    ['admin-stats_credentials', 'a:b', 'a:b'],
  ])('%s = %s', (name, wanted, accepted) => {
    expect(acceptedValue(VARIABLE_RULES.get(name)!, wanted)).toBe(accepted);
  });

  test('every recorded value would be accepted again', () => {
    const refused = [...VARIABLE_RULES.values()].filter((rule) => {
      return !rule.fixed && acceptedValue(rule, rule.value) !== rule.value;
    });
    expect(refused).toEqual([]);
  });
});
