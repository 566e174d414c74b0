import { describe, expect, test } from '@jest/globals';
import {
  isDeadly,
  parseStatement,
  quoted,
  unquoted,
} from '../../../../../../../infra/local/lab/admin/statements/statement-text.ts';

describe('the text of a statement', () => {
  test.each([
    ['SELECT 1;', 'SELECT 1', 'SELECT'],
    ['  LOAD\n MYSQL\tUSERS  TO RUNTIME ; ;', 'LOAD MYSQL USERS TO RUNTIME', 'LOAD'],
    ['/* a; */ -- b\n SELECT 1', '/* a; */ -- b SELECT 1', 'SELECT'],
    ['(SELECT 1)', '(SELECT 1)', '('],
    ['-- nothing', '-- nothing', ''],
  ])('%j folds to %j, beginning with %j', (text, folded, firstToken) => {
    expect(parseStatement(text)).toMatchObject({ folded, firstToken });
  });

  test.each([
    [';', true],
    [' ; ;\n', true],
    ['', false],
    ['  ', false],
    ['SELECT 1;', false],
    ["';'", false],
  ])('%j ends a proxy: %s', (text, deadly) => expect(isDeadly(text)).toBe(deadly));

  test.each([
    ["'it''s'", "it's"],
    ['"a""b"', 'a"b'],
    ['plain', 'plain'],
    ["'open", "'open"],
    ["'", "'"],
    ['', ''],
  ])('%s without quotes is %s', (text, expected) => expect(unquoted(text)).toBe(expected));

  test('a literal doubles quotes', () => expect(quoted("it's")).toBe("'it''s'"));
});
