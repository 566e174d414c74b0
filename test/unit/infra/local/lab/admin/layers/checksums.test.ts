import { describe, expect, test } from '@jest/globals';
import { checksumOf, createChecksums } from '../../../../../../../infra/local/lab/admin/layers/checksums.ts';

describe('checksums', () => {
  test('do not depend on the order of rows, nor on bigint or text', () => {
    expect(
      checksumOf([
        [1n, 'a'],
        ['2', null],
      ]),
    ).toBe(
      checksumOf([
        ['2', null],
        ['1', 'a'],
      ]),
    );
  });

  test.each([
    ['a value', [['1', 'b']]],
    ['NULL and the text null', [['1', null]]],
    ['the border between two values', [['1a', '']]],
  ])('differ with %s', (_name, rows) => {
    expect(checksumOf(rows)).not.toBe(checksumOf([['1', 'a']]));
  });

  test('of nothing are zero', () => expect(checksumOf([])).toBe('0x0000000000000000'));

  test('count versions and show servers under both of their names', () => {
    const checksums = createChecksums();
    checksums.moved('mysql_servers', new Map([['runtime_mysql_servers', [[10n, 'db']]]]), 100);
    checksums.moved('mysql_servers', new Map([['runtime_mysql_servers', [[10n, 'db']]]]), 101);
    const rows = checksums.rows().filter(([name]) => String(name).startsWith('mysql_servers'));
    expect(rows.map(([name, version, epoch]) => [name, version, epoch])).toEqual([
      ['mysql_servers', 2, 101],
      ['mysql_servers_v2', 2, 101],
    ]);
  });
});
