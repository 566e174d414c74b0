import { describe, expect, test } from '@jest/globals';
import type { Row } from '../../bench/benches.ts';
import { compare, median } from '../../bench/harness/result.ts';
import { isMet, tableOf } from '../../bench/harness/table.ts';

const ROWS: readonly Row[] = [
  { name: 'read', baseline: 'naive', target: 50 },
  { name: 'block', baseline: 'naive' },
  { name: 'share', baseline: 'all', limit: 0.12 },
];

describe('the table of benchmarks', () => {
  test('shows what was met, what was missed and what only informs', () => {
    const results = [compare('read', 2, 110, 'ms'), compare('block', 30, 15, 'ms')];
    expect(tableOf(results, ROWS)).toBe(
      [
        'benchmark  value  unit  baseline       ratio  target',
        'read           2  ms    naive     110   55.0      50  met',
        'block         30  ms    naive      15    0.5',
      ].join('\n'),
    );
    expect(tableOf([compare('read', 2, 99, 'ms')], ROWS)).toContain('MISSED');
  });

  test('a target is met from the ratio on that it names', () => {
    expect(isMet(compare('read', 1, 50, 'ms'), ROWS)).toBe(true);
    expect(isMet(compare('read', 1, 49.9, 'ms'), ROWS)).toBe(false);
    expect(isMet(compare('block', 100, 1, 'ms'), ROWS)).toBe(true);
  });

  test('a limit is met up to the ratio that it names, and shown as one', () => {
    const share = (ratio: number) => ({ name: 'share', value: ratio, unit: 'share', baseline: 0.9, ratio });
    expect(isMet(share(0.12), ROWS)).toBe(true);
    expect(isMet(share(0.121), ROWS)).toBe(false);
    expect(tableOf([share(0.0453)], ROWS)).toMatch(/0\.045 +≤ 0\.12 +met$/);
    expect(tableOf([share(0.2)], ROWS)).toContain('MISSED');
  });
});

test.each([
  [[3, 1, 2], 2],
  [[4, 1, 3, 2], 2.5],
  [[7], 7],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected);
});
