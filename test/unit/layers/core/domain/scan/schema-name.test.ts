import { expect, test } from '@jest/globals';
import { COLLECTORS } from '@proxywatch/core/domain/scan/collectors';
import { schemaNameOf } from '@proxywatch/core/domain/scan/schema-name';

test('each collector has its schema, which is its topic in Kafka', () => {
  expect(COLLECTORS.map(schemaNameOf)).toEqual([
    'proxywatch.status.v1',
    'proxywatch.sql-stats.v1',
    'proxywatch.sql-errors.v1',
    'proxywatch.slow-sql.v1',
    'proxywatch.slow-transactions.v1',
    'proxywatch.key-logs.v1',
  ]);
});
