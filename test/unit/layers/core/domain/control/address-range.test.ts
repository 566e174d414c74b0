import { isIP } from 'node:net';
import { expect, test } from '@jest/globals';
import { addressRangeProblem } from '@proxywatch/core/domain/control/address-range';
import { fc } from '../../../../../support/properties.ts';

test.each([
  '10.0.0.7',
  '0.0.0.0/0',
  '10.0.0.0/8',
  '10.0.0.7/32',
  '::',
  '::1',
  '::/0',
  '2001:db8::/32',
  '2001:db8:0:0:0:0:0:1',
  'fe80::1:2',
  '::ffff:10.0.0.7',
  '::ffff:10.0.0.0/120',
])('%s is an address or a network', (range) => {
  expect(addressRangeProblem(range)).toBeUndefined();
});

test.each([
  ['', 'expected an address'],
  ['10.0.0', 'expected an address'],
  ['010.0.0.1', 'expected an address'],
  ['10.0.0.256', 'expected an address'],
  ['10.%', 'expected an address'],
  ['db.example', 'expected an address'],
  ['1::2::3', 'expected an address'],
  [':1', 'expected an address'],
  ['1:2:3:4:5:6:7:8:9', 'expected an address'],
  ['12345::', 'expected an address'],
  ['10.0.0.0/8/8', 'expected an address'],
  ['10.0.0.0/33', 'prefix length from 0 to 32'],
  ['10.0.0.0/', 'prefix length from 0 to 32'],
  ['10.0.0.0/08', 'prefix length from 0 to 32'],
  ['::/129', 'prefix length from 0 to 128'],
  ['10.0.0.7/8', 'bits set behind its first 8'],
  ['2001:db8::1/32', 'bits set behind its first 32'],
])('%s is none: %s', (range, problem) => {
  expect(addressRangeProblem(range)).toContain(problem);
});

test('addresses are those that Node takes for such', () => {
  const near = fc.string({ unit: fc.constantFrom(...'0123af:.'), maxLength: 24 });
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), near), (address) => {
      expect(addressRangeProblem(address) === undefined).toBe(isIP(address) !== 0);
    }),
    { numRuns: 2_000 },
  );
});
