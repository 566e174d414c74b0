import { describe, expect, test } from '@jest/globals';
import { countOf, type StatsSums, sumsWithout, tellsErrors } from '@proxywatch/core/domain/monitoring/top-sql';
import { fc } from '../../../../../support/properties.ts';

const ZERO: StatsSums = { executions: 0, timeUs: 0, rowsSent: 0, rowsAffected: 0, errors: undefined };

describe('counts', () => {
  test('are numbers while these are exact, and strings beyond', () => {
    expect(countOf(2n ** 53n - 1n)).toBe(9_007_199_254_740_991);
    expect(countOf(2n ** 53n)).toBe('9007199254740992');
  });

  test('of what is not listed are the whole without the rest, however large', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n })),
        fc.bigInt({ min: 0n, max: 2n ** 64n }),
        (listed, other) => {
          const total = listed.reduce((sum, one) => sum + one, other);
          const parts = listed.map((one) => ({ ...ZERO, timeUs: countOf(one) }));
          expect(sumsWithout({ ...ZERO, timeUs: countOf(total) }, parts)).toEqual({ ...ZERO, timeUs: countOf(other) });
        },
      ),
    );
  });
});

test('errors are told of where no digest is asked about', () => {
  const all = { namespaces: '*' } as const;
  expect(tellsErrors({ groupBy: ['user', 'proxy'], filter: all })).toBe(true);
  expect(tellsErrors({ groupBy: ['user', 'digest'], filter: all })).toBe(false);
  expect(tellsErrors({ groupBy: ['user'], filter: { ...all, digests: ['0x1'] } })).toBe(false);
  expect(tellsErrors({ groupBy: ['user'], filter: { ...all, textLike: '%' } })).toBe(false);
});
