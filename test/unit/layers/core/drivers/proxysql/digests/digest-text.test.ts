import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { DEFAULT_DIGEST_TEXT_OPTIONS, digestTextOf } from '@proxywatch/core/drivers/proxysql/digests/digest-text';
import { fc } from '../../../../../../support/properties.ts';

const recorded: {
  readonly digests: readonly { readonly digest: string; readonly text: string }[];
  readonly grouping: Readonly<Record<string, readonly string[]>>;
} = JSON.parse(
  readFileSync(new URL('../../../../../../contract/recordings/lab-traffic/digest-texts.json', import.meta.url), 'utf8'),
);

describe('the digest text of a statement', () => {
  test.each([
    // Recorded at a real proxy, or stated by its own tests.
    [
      "SELECT NULL AS n,'it''s' AS s,1.5 AS d,-3 AS neg,0xFF AS hx,TRUE AS b",
      'SELECT NULL AS n,? AS s,? AS d,? AS neg,? AS hx,TRUE AS b',
    ],
    ['SELECT  /* hint */ 1   AS k1', 'SELECT ? AS k1'],
    ['select 1 as k1', 'select ? as k1'],
    ['SELECT `id` FROM `orders` LIMIT 5', 'SELECT `id` FROM `orders` LIMIT ?'],
    ['SELECT id FROM orders1234 LIMIT 5', 'SELECT id FROM orders1234 LIMIT ?'],
    ['select * from 1_value', 'select * from 1_value'],
    ['UPDATE stock SET n=n-1 WHERE sku="sku-9"', 'UPDATE stock SET n=n-? WHERE sku=?'],
    ['UPDATE events SET v=v+SLEEP(0.7) WHERE id=3', 'UPDATE events SET v=v+SLEEP(?) WHERE id=?'],
    ["INSERT INTO stock ( sku, n ) VALUES ( 'a' , -2 )", 'INSERT INTO stock (sku,n) VALUES (?,?)'],
    ['SET @x=1', 'SET @x=?'],
    ['SELECT @@version', 'SELECT @@version'],
    ['SELECT id FROM a -- last words', 'SELECT id FROM a'],
    ['# first\n  SELECT 1.1E-9', 'SELECT ?'],
    ['select  + 1, - 2', 'select ?,?'],
    ['select 1+ 1, 1 -1, 1 * 1 , 100 % 3', 'select ?+?,?-?,?*?,?%?'],
    ["SELECT N'string', _utf8'str\\'i\nng'", 'SELECT N?,_utf8?'],
    ['SELECT n -1 FROM t', 'SELECT n -? FROM t'],
    ['SELECT 1 /* never closed', 'SELECT ?'],
    ["SELECT 'never closed", 'SELECT ?'],
    ['/*/ not closed yet */SELECT 1', 'SELECT ?'],
    ['', ''],
  ])('of %j is %j', (sql, text) => {
    expect(digestTextOf(sql)).toBe(text);
  });

  test('leaves every recorded text alone when literals stand for its question marks', () => {
    const texts = recorded.digests.map(({ text }) => text).filter((text) => !text.includes('...'));
    expect(texts.map((text) => digestTextOf(text.replaceAll('?', "'x'")))).toEqual(texts);
  });

  test.each([1, 3, 4, 5, 6, 8])('groups lists of %i values as recorded', (width) => {
    const statement = (groups: number): string => {
      const group = `(${Array.from({ length: width }, (_, i) => i).join(',')})`;
      return `SELECT 1 IN (${Array.from({ length: groups }, () => group).join(',')})`;
    };
    // The recorder cut long texts at 150 characters.
    const cut = (text: string): string => (text.length > 150 ? `${text.slice(0, 150)}…` : text);
    const texts = [2, 9, 10, 11, 12, 25, 60].map((groups) => cut(digestTextOf(statement(groups))));
    const shown = recorded.grouping[`w${width}`]?.map((line) => line.replace(/^\d+ /, '')) ?? [];
    expect(shown.length).toBeGreaterThan(0);
    for (const text of shown.filter((line) => !line.endsWith('…'))) expect(texts).toContain(text);
  });

  test('shortens IN lists of more than four values and no others', () => {
    const list = (n: number): string => digestTextOf(`SELECT id FROM orders WHERE id IN (${'7,'.repeat(n - 1)}7)`);
    expect([1, 2, 3, 4, 5, 30].map(list)).toEqual(
      ['?', '?,?', '?,?,?', '?,?,?,?', '?,?,?,...', '?,?,?,...'].map(
        (shown) => `SELECT id FROM orders WHERE id IN (${shown})`,
      ),
    );
  });

  test('counts only whole list items as a list', () => {
    expect(digestTextOf('INSERT INTO t VALUES (1,2,3,4,5+6,7-8,9,10,11,12,13)')).toBe(
      'INSERT INTO t VALUES (?,?,?,?,?+?,?-?,?,?,?,...)',
    );
  });

  test('obeys the variables on case, digits, NULL and grouping', () => {
    const sql = 'SELECT NULL FROM Orders1234 WHERE id IN (1,2,3,4,5)';
    const option = (options: object): string => digestTextOf(sql, { ...DEFAULT_DIGEST_TEXT_OPTIONS, ...options });
    expect(option({ lowercase: true })).toBe('select null from orders1234 where id in (?,?,?,...)');
    expect(option({ noDigits: true })).toBe('SELECT NULL FROM Orders? WHERE id IN (?,?,?,...)');
    expect(option({ replaceNull: true })).toBe('SELECT ? FROM Orders1234 WHERE id IN (?,?,?,...)');
    expect(option({ groupingLimit: 1 })).toBe('SELECT NULL FROM Orders1234 WHERE id IN (?,...)');
    expect(option({ groupingLimit: 0 })).toBe('SELECT NULL FROM Orders1234 WHERE id IN (?,?,?,?,?)');
    expect(option({ maxQueryLength: 12 })).toBe('SELECT NULL');
  });

  test('is cut at 2,048 bytes, between characters', () => {
    const wide = digestTextOf(`SELECT 1 AS ${'ü'.repeat(3000)}`);
    expect(Buffer.byteLength(wide)).toBe(2048);
    expect(digestTextOf(`SELECT 11 AS ${'😀'.repeat(3000)}`)).not.toContain('\ufffd');
  });

  test('never depends on the values of literals', () => {
    const literal = fc.oneof(
      fc.integer().map(String),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.string({ unit: 'grapheme' }).map((text) => `'${text.replace(/[\\']/g, '\\$&')}'`),
      fc.string().map((text) => `"${text.replace(/[\\"]/g, '\\$&')}"`),
    );
    const statement = (values: readonly string[]): string =>
      `SELECT id, name FROM people WHERE id = ${values[0]} AND name IN (${values.slice(1).join(', ')}) LIMIT 10`;
    fc.assert(
      fc.property(fc.array(literal, { minLength: 3, maxLength: 9 }), (values) => {
        expect(digestTextOf(statement(values))).toBe(digestTextOf(statement(values.map(() => '0'))));
      }),
    );
  });

  test('comes to an end for any input', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (sql) => typeof digestTextOf(sql) === 'string'),
    );
  });
});
