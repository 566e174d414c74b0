import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from '@jest/globals';
import { guardStatement, quoteSqlite } from '../../../../../../layers/core/src/drivers/proxysql/quoting.ts';
import { fc } from '../../../../../support/properties.ts';

const database = new DatabaseSync(':memory:');
const withoutNul = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0') && text.isWellFormed());
const refusal = expect.objectContaining({ code: 'PROXY_STATEMENT' });

describe('quoting for SQLite', () => {
  test('gives a literal that SQLite reads as the same text, quotes and backslashes included', () => {
    fc.assert(
      fc.property(fc.oneof(withoutNul, fc.constantFrom("'", "\\'", "''", "\\' OR 1=1 -- ", '\\')), (text) => {
        expect(database.prepare(`SELECT ${quoteSqlite(text)} AS t`).get()?.t).toBe(text);
      }),
    );
  });

  test('refuses a NUL, at which the proxy would cut the statement', () => {
    expect(() => quoteSqlite('a\0b')).toThrow(refusal);
  });
});

describe('the guard before sending', () => {
  test.each([
    ['a lone semicolon', ';'],
    ['semicolons and blanks', ' ; ; '],
    ['a semicolon behind a comment', '-- c\n;'],
    ['a second statement', 'SELECT 1; SELECT 2'],
    ['a closing semicolon', 'SELECT 1;'],
    ['nothing', ''],
    ['blanks', ' \n\t'],
    ['a comment only', '/* c */ -- d'],
    ['a NUL', 'SELECT 1\0'],
    ['a table that empties itself', 'SELECT * FROM stats_mysql_query_digest_reset'],
    ['such a table in upper case', 'SELECT * FROM STATS_MYSQL_QUERY_DIGEST_RESET'],
    ['such a table inside a literal', "SELECT 'stats_mysql_query_digest_reset'"],
    ['another such table', 'SELECT * FROM stats_mysql_errors_reset'],
    ['digests to disk', 'save  mysql digest to disk'],
  ])('refuses %s', (_what, statement) => {
    expect(() => guardStatement(statement)).toThrow(refusal);
  });

  test.each([
    'SELECT 1',
    "SELECT 'a;b'",
    "SELECT 'it''s; fine'",
    "SELECT * FROM stats_mysql_query_digest WHERE digest='0x1'",
    "UPDATE mysql_users SET comment='password_reset' WHERE username='x'",
  ])('lets %s pass unchanged', (statement) => {
    expect(guardStatement(statement)).toBe(statement);
  });
});
