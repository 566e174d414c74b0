import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from '@jest/globals';
import { decodeField, fieldLiteral } from '../../../../../../../layers/core/src/drivers/proxysql/control/field-text.ts';
import { guardStatement } from '../../../../../../../layers/core/src/drivers/proxysql/quoting.ts';
import { fc } from '../../../../../../support/properties.ts';

const database = new DatabaseSync(':memory:');
const bytesOf = (literal: string): Buffer => {
  const row = database.prepare(`SELECT hex(${literal}) AS bytes, typeof(${literal}) AS type`).get();
  expect(row?.type).toBe('text');
  return Buffer.from(String(row?.bytes), 'hex');
};

describe('a value of a column', () => {
  test('goes to the proxy and comes back as the same bytes, UTF-8 or not', () => {
    const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array.filter((byte) => byte !== 0)));
    fc.assert(
      fc.property(bytes, (cell) => {
        const text = decodeField(cell);
        const literal = fieldLiteral(text);
        expect(bytesOf(literal)).toEqual(cell);
        guardStatement(`SELECT ${literal}`);
        expect(fieldLiteral(JSON.parse(JSON.stringify(text)))).toBe(literal);
      }),
    );
  });

  test('is NULL as it is', () => {
    expect([decodeField(null), fieldLiteral(null)]).toEqual([null, 'NULL']);
  });

  test.each([
    'stats_mysql_query_digest_reset',
    'x STATS_anything_RESET y',
    'runtime_mysql_users',
    'monitor_x',
    "it's; save  mysql\ndigest to disk",
  ])('names nothing that the proxy looks for in a statement: %j', (text) => {
    const literal = fieldLiteral(text);
    expect(literal).not.toMatch(/stats_|runtime_|monitor_|save\s+mysql/i);
    expect(bytesOf(literal).toString()).toBe(text);
    expect(guardStatement(`SELECT ${literal}`)).toBe(`SELECT ${literal}`);
  });

  test.each([
    ['a NUL', 'a\0b'],
    ['a NUL beside a stray byte', 'a\0\udc80'],
    ['half a surrogate pair', '\ud83d'],
    ['half a surrogate pair beside a stray byte', '\ud83d \udc80'],
  ])('is refused with %s', (_what, text) => {
    expect(() => fieldLiteral(text)).toThrow(expect.objectContaining({ code: 'PROXY_STATEMENT' }));
  });
});
