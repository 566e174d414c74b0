import { describe, expect, test } from '@jest/globals';
import { encodeDigestKey } from '../../../../../../layers/core/src/domain/digests/digest-key.ts';
import type { DigestRow } from '../../../../../../layers/core/src/domain/digests/digest-read.ts';
import {
  parseDigestAnswer,
  parseDigestTexts,
} from '../../../../../../layers/core/src/drivers/proxysql/digest-answer.ts';
import { fc } from '../../../../../support/properties.ts';

const text = fc.string({ unit: 'binary', maxLength: 20 }).map((raw) => raw.toWellFormed());
const key = fc
  .record({
    hostgroup: fc.integer({ min: -1, max: 65_535 }).map(String),
    schema: text,
    user: text,
    clientAddress: text,
    digest: fc.stringMatching(/^0x[0-9A-F]{16}$/),
  })
  .map(encodeDigestKey);
const digestRow: fc.Arbitrary<DigestRow> = fc.record(
  {
    key,
    counters: fc.record({
      executions: fc.nat(2 ** 32 - 1),
      timeUs: fc.maxSafeNat(),
      rowsAffected: fc.maxSafeNat(),
      rowsSent: fc.maxSafeNat(),
    }),
    firstSeenS: fc.nat(),
    lastSeenS: fc.nat(),
    text,
  },
  { requiredKeys: ['key', 'counters', 'firstSeenS'] },
);

const GOOD_ROW = '10|73686F70|617070||0xA2E81530440E4377\x1f3\x1f3603241\x1f0\x1f3\x1f1795342095';

function pack({ key: rowKey, counters, firstSeenS, lastSeenS, text: rowText }: DigestRow): string {
  const fields = [rowKey, counters.executions, counters.timeUs, counters.rowsAffected, counters.rowsSent, firstSeenS];
  const absent = lastSeenS === undefined ? [] : ['-'];
  const hex = rowText === undefined ? absent : [Buffer.from(rowText).toString('hex').toUpperCase()];
  return [...fields, ...hex, ...(lastSeenS === undefined ? [] : [lastSeenS])].join('\x1f');
}

function answer(cells: { packed: string | null; count: number; [column: number]: string | null }) {
  const defaults = ['1795342108', '62', `${cells.count}`, '1', '2', '3', '4', '1795342000', cells.packed];
  return [defaults.map((value, i) => cells[i] ?? value).map((value) => (value === null ? null : Buffer.from(value)))];
}

describe('the answer to a digests statement', () => {
  test('gives back any rows, names with separators and texts of any characters included', () => {
    fc.assert(
      fc.property(fc.array(digestRow, { minLength: 1 }), (rows) => {
        const packed = rows.map(pack).join('\x1e');
        expect(parseDigestAnswer(answer({ packed, count: rows.length }), 'full').rows).toEqual(rows);
      }),
    );
  });

  test('carries the clock, the uptime and the sums of the whole table', () => {
    expect(parseDigestAnswer(answer({ packed: GOOD_ROW, count: 5 }), 'changed')).toEqual({
      kind: 'changed',
      proxyNowS: 1_795_342_108,
      uptimeS: 62,
      tableRows: 5,
      tableSums: { executions: 1, timeUs: 2, rowsAffected: 3, rowsSent: 4 },
      oldestFirstSeenS: 1_795_342_000,
      rows: [
        {
          key: '10|73686F70|617070||0xA2E81530440E4377',
          counters: { executions: 3, timeUs: 3_603_241, rowsAffected: 0, rowsSent: 3 },
          firstSeenS: 1_795_342_095,
        },
      ],
    });
  });

  test('of an empty table has sums of zero and no oldest row', () => {
    const nulls = [['1795342108'], ['62'], ['0'], [null], [null], [null], [null], [null], [null]];
    const row = nulls.map(([cell]) => (cell ? Buffer.from(cell) : null));
    expect(parseDigestAnswer([row], 'full')).toMatchObject({
      tableRows: 0,
      tableSums: { executions: 0, timeUs: 0, rowsAffected: 0, rowsSent: 0 },
      oldestFirstSeenS: undefined,
      rows: [],
    });
  });

  test('of a table that is too large to be read whole has its sums and no rows', () => {
    const large = answer({ packed: null, count: 200_001 });
    expect(parseDigestAnswer(large, 'full')).toMatchObject({ tableRows: 200_001, rows: [] });
  });

  test('without a changed row has none', () => {
    expect(parseDigestAnswer(answer({ packed: null, count: 5 }), 'changed').rows).toEqual([]);
  });

  test.each([
    ['a row too few', answer({ packed: GOOD_ROW, count: 2 }), 'full' as const, '1 digest rows of a table of 2'],
    ['more rows than the table', answer({ packed: GOOD_ROW, count: 0 }), 'changed' as const, 'of a table of 0'],
    [
      'no rows of a table that is not too large',
      answer({ packed: null, count: 200_000 }),
      'full' as const,
      '0 digest rows',
    ],
    ['no clock', answer({ packed: null, count: 1, 0: 'noon' }), 'changed' as const, 'now is no exact whole number'],
    ['no rows at all', [], 'full' as const, '0 rows instead of one'],
    ['fewer columns', [answer({ packed: null, count: 1 })[0]!.slice(0, 8)], 'changed' as const, 'no column'],
  ])('with %s is no answer', (_what, rows, kind, message) => {
    expect(() => parseDigestAnswer(rows, kind)).toThrow(
      expect.objectContaining({ code: 'PROXY_PROTOCOL', message: expect.stringContaining(message) }),
    );
  });

  test.each([
    ['an empty row', ''],
    ['a key of four parts', GOOD_ROW.replace('||', '|')],
    ['a key with half a byte', GOOD_ROW.replace('617070', '61707')],
    ['a key without a hostgroup', GOOD_ROW.replace('10|', '|')],
    ['a digest that is none', GOOD_ROW.replace('0xA2', '0xZ2')],
    ['a negative count', GOOD_ROW.replace('\x1f3\x1f', '\x1f-3\x1f')],
    ['a fraction', GOOD_ROW.replace('3603241', '3603.241')],
    ['an absent column', GOOD_ROW.slice(0, GOOD_ROW.lastIndexOf('\x1f'))],
    ['a count beyond 2^53', GOOD_ROW.replace('3603241', '9007199254740993')],
    ['a text of half a byte', `${GOOD_ROW}\x1f414`],
    ['a text that is no hex', `${GOOD_ROW}\x1f4G`],
    ['neither text nor time', `${GOOD_ROW}\x1f-`],
    ['a time that is none', `${GOOD_ROW}\x1f41\x1fx`],
    ['a field too many', `${GOOD_ROW}\x1f41\x1f1\x1f1`],
    ['a separator at the end', `${GOOD_ROW}\x1e`],
  ])('with %s is malformed', (_what, packed) => {
    const count = packed.split('\x1e').length;
    expect(() => parseDigestAnswer(answer({ packed, count }), 'full')).toThrow(
      expect.objectContaining({ code: 'PROXY_PROTOCOL' }),
    );
  });
});

describe('the answer to a digest texts statement', () => {
  const hex = (value: string) => Buffer.from(value).toString('hex').toUpperCase();
  const rows = (packed: string | null) => [[packed === null ? null : Buffer.from(packed)]];

  test('gives the texts that were asked for and leaves out the others', () => {
    const packed = [`0x1\x1f${hex('SELECT ?')}`, `0x2\x1f${hex("it's\n\\ 😀\0")}`, `0x3\x1f${hex('x')}`].join('\x1e');
    expect(parseDigestTexts(rows(packed), new Set(['0x2', '0x3', '0x4']))).toEqual(
      new Map([
        ['0x2', "it's\n\\ 😀\0"],
        ['0x3', 'x'],
      ]),
    );
  });

  test('tells an empty text from an absent one', () => {
    expect(parseDigestTexts(rows('0x1\x1f'), new Set(['0x1', '0x2']))).toEqual(new Map([['0x1', '']]));
  });

  test('is empty when no digest is known', () => {
    expect(parseDigestTexts(rows(null), new Set(['0x1']))).toEqual(new Map());
  });

  test('cuts a text at 512 characters', () => {
    expect(parseDigestTexts(rows(`0x1\x1f${hex('😀'.repeat(600))}`), new Set(['0x1'])).get('0x1')).toBe(
      '😀'.repeat(512),
    );
  });

  test('survives texts that are no UTF-8', () => {
    const packed = `0x1\x1f${Buffer.from("SELECT 'caf\xe9' /* \xff */", 'latin1').toString('hex')}\x1e0x2\x1f${hex('x')}`;
    const texts = parseDigestTexts(rows(packed), new Set(['0x1', '0x2']));
    expect([...texts.values()]).toEqual(["SELECT 'caf\ufffd' /* \ufffd */", 'x']);
  });

  test('without a separator is malformed', () => {
    expect(() => parseDigestTexts(rows('0x1'), new Set(['0x1']))).toThrow('digest without a text');
  });
});
