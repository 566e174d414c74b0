import { describe, expect, test } from '@jest/globals';
import { countOf, decodeText, readCount, textOf } from '../../../../../../layers/core/src/drivers/proxysql/cells.ts';
import { fc } from '../../../../../support/properties.ts';

const count = (text: string) => readCount(Buffer.from(text), 0, Buffer.byteLength(text));

describe('counts', () => {
  test('reads any whole number that a double holds exactly, wherever it stands', () => {
    fc.assert(
      fc.property(fc.nat(), fc.maxSafeNat(), (before, value) => {
        const head = `${before}\x1f`;
        expect(readCount(Buffer.from(`${head}${value}\x1f9`), head.length, head.length + `${value}`.length)).toBe(
          value,
        );
      }),
    );
  });

  test.each([
    '',
    '-1',
    '+1',
    '1.5',
    '1e3',
    ' 1',
    '1 ',
    'NaN',
    'Infinity',
    '0x10',
    '９',
    '9007199254740992',
    '9007199254740993',
    '18446744073709551615',
    '00000000000000000001',
  ])('refuses %j', (text) => {
    expect(count(text)).toBe(-1);
  });

  test('a broken cell is told with its column and value', () => {
    const broken = (cell: Buffer | null) => () => countOf([cell], 0, 'ConnUsed');
    expect(broken(Buffer.from('many'))).toThrow('ConnUsed is no exact whole number: "many"');
    expect(broken(null)).toThrow('ConnUsed is no exact whole number: NULL');
    expect(() => countOf([], 0, 'ConnUsed')).toThrow('absent');
  });
});

describe('texts', () => {
  test('four-byte characters survive a column that claims a three-byte charset', () => {
    expect(textOf([Buffer.from('naïve 😀')], 0)).toBe('naïve 😀');
  });

  test('NULL and an absent column are empty', () => {
    expect([textOf([null], 0), textOf([], 0)]).toEqual(['', '']);
  });

  test('are cut by characters, never inside one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(40), (raw, most) => {
        const text = raw.toWellFormed();
        expect(decodeText(Buffer.from(text), most)).toBe(Array.from(text).slice(0, most).join(''));
      }),
    );
  });

  test('lose a character that was cut in two before, and nothing else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(), (raw, at) => {
        const bytes = Buffer.from(raw.toWellFormed());
        const cut = bytes.subarray(0, at % (bytes.length + 1));
        const whole = decodeText(cut, 1_000);
        expect(bytes.toString()).toMatch(new RegExp(`^${RegExp.escape(whole)}`, 's'));
        expect(cut.length - Buffer.byteLength(whole)).toBeLessThan(4);
      }),
    );
  });
});
