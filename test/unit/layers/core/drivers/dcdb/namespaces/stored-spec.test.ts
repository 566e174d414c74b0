import { expect, test } from '@jest/globals';
import { DEFAULT_SPEC, encodeStoredSpec, parseStoredSpec } from '@proxywatch/core/drivers/dcdb/namespaces/stored-spec';

test('a namespace that nobody specified restricts nothing', () => {
  expect(parseStoredSpec(null)).toEqual({
    allowedSchemas: [],
    allowedIps: [],
    slices: [],
    defaultSlice: null,
    readWriteSplit: false,
    deniedSql: [],
    slowSqlMs: null,
    maxExecutionMs: null,
    maxResultRows: null,
    maxClientConnections: null,
    qpsLimit: null,
  });
});

test('what was encoded is read again, be it text or parsed', () => {
  const spec = {
    ...DEFAULT_SPEC,
    slices: [{ name: 'orders', writerHostgroup: 10, readerHostgroup: 11, cluster: 'orders-eu' }],
    deniedSql: [{ pattern: '^DROP', mode: 'deny', comment: '' } as const],
    qpsLimit: 100,
  };
  expect(parseStoredSpec(encodeStoredSpec(spec))).toEqual(spec);
  expect(parseStoredSpec(JSON.parse(encodeStoredSpec(spec)))).toEqual(spec);
});

test('fields that an older version did not know have their defaults, those of a later one are dropped', () => {
  expect(parseStoredSpec('{"readWriteSplit":true,"fromTheFuture":1}')).toEqual({
    ...DEFAULT_SPEC,
    readWriteSplit: true,
  });
});

test.each(['no JSON', '[]', '{"slices":[{"name":1}]}', '{"qpsLimit":"many"}'])('%s is damage', (column) => {
  expect(() => parseStoredSpec(column)).toThrow(expect.objectContaining({ code: 'RECORD_DAMAGED' }));
});
