import { describe, expect, test } from '@jest/globals';
import { cutText, maskedText, maskLiterals } from '../../../../../../layers/core/src/domain/scan/mask-literals.ts';
import { fc } from '../../../../../support/properties.ts';

const masked = (sql: string) => maskLiterals(sql, 10_000);

describe('a masked statement', () => {
  test.each([
    ['strings', `SELECT 'a' FROM t WHERE b='c'`, 'SELECT ? FROM t WHERE b=?'],
    ['escaped quotes', `SELECT 'it\\'s' AS a,'it''s' AS b, 'x\\\\' AS c`, 'SELECT ? AS a,? AS b, ? AS c'],
    ['double quotes', `SELECT "a ""b"" \\"c" AS d`, 'SELECT ? AS d'],
    ['quotes within quotes', `SELECT "it's", 'say "x"' AS b`, 'SELECT ?+ AS b'],
    [
      'numbers',
      'SELECT 1 AS a, -2.5 AS b, .5 AS c, 1e5 AS d, 1.5E-3 AS e, 7.e2 AS f',
      'SELECT ? AS a, -? AS b, ? AS c, ? AS d, ? AS e, ? AS f',
    ],
    ['large exponents', 'SELECT 1e+20 AS a, 1e-20 AS b', 'SELECT ? AS a, ? AS b'],
    [
      'hex and bits',
      `SELECT 0xDEADBEEF AS a, x'41' AS b, b'01' AS c, 0b11 AS d`,
      'SELECT ? AS a, ? AS b, ? AS c, ? AS d',
    ],
    [
      'national and introduced strings',
      `SELECT N'a' AS a, _utf8mb4'b' AS b, n'c' AS c`,
      'SELECT ? AS a, ? AS b, ? AS c',
    ],
    ['typed literals', `SELECT DATE'2026-01-01' AS d`, 'SELECT DATE ? AS d'],
    ['lists', 'SELECT * FROM t WHERE a IN (1, 2,3) AND b IN (4)', 'SELECT * FROM t WHERE a IN (?+) AND b IN (?)'],
    ['rows', `INSERT INTO t VALUES (1,'a'),(2,'b'), (3, 'c')`, 'INSERT INTO t VALUES (?+)'],
    ['white space', ' SELECT\n\t 1  ', 'SELECT ?'],
    ['passwords', `SET PASSWORD = 'secret'`, 'SET PASSWORD = ?'],
    ['accounts', `CREATE USER 'u'@'h' IDENTIFIED BY 'secret'`, 'CREATE USER ?@? IDENTIFIED BY ?'],
    ['paths of JSON', `SELECT a->>'$.b' FROM t`, 'SELECT a->>? FROM t'],
  ])('has no %s', (_what, sql, expected) => {
    expect(masked(sql)).toBe(expected);
  });

  test.each([
    ['names with digits', 'SELECT t1.c2, 2024_orders.x FROM db3.`4``th` AS `it\'s "5"`'],
    ['placeholders', 'SELECT a FROM t WHERE b = ? LIMIT ?'],
    ['variables', 'SET @x1 = @@session.sql_mode'],
    ['operators', 'SELECT a+b, a - b, a/b, a%b, a*b, a|b, NOT a'],
    ['other scripts', 'SELECT größe, 名前１ FROM straße'],
  ])('keeps %s', (_what, sql) => {
    expect(masked(sql)).toBe(sql);
  });

  test.each([
    ['SELECT a /* who: 5 */ FROM t', 'SELECT a FROM t'],
    ['SELECT a -- it\'s\nFROM t # "x', 'SELECT a FROM t'],
    ['SELECT a--5', 'SELECT a--?'],
    ['SELECT /*+ MAX_EXECUTION_TIME(5) */ a', 'SELECT a'],
    ["SELECT /*!50000 'x' /* y */ , b */ FROM t", 'SELECT ? , b FROM t'],
    ["SELECT /*M!100100 'x' */ FROM t", 'SELECT ? FROM t'],
    ["SELECT '/* no comment' AS a, b /* ' */", 'SELECT ? AS a, b'],
  ])('has no comments: %s', (sql, expected) => {
    expect(masked(sql)).toBe(expected);
  });

  test.each([
    ["SELECT 'sec", 'SELECT ?'],
    ["SELECT 'sec\\", 'SELECT ?'],
    ["SELECT 'sec''", 'SELECT ?'],
    ['SELECT "sec', 'SELECT ?'],
    ["SELECT `sec 'x'", 'SELECT ?'],
    ['SELECT a /* sec', 'SELECT a'],
    ['', ''],
  ])('hides what does not end: %s', (sql, expected) => {
    expect(masked(sql)).toBe(expected);
  });

  test('is cut between characters, and says so', () => {
    expect(maskedText('SELECT abcdef', 10)).toEqual({ text: 'SELECT abc', isCut: true });
    expect(maskedText('SELECT abc', 10)).toEqual({ text: 'SELECT abc', isCut: false });
    expect(cutText('ab😀', 3)).toEqual({ text: 'ab', isCut: true });
    expect(maskedText(`SELECT a IN (${'1,'.repeat(5_000)}1)`, 20)).toEqual({ text: 'SELECT a IN (?+)', isCut: false });
  });
});

describe('any statement', () => {
  test('loses all of its literals, wherever it is cut', () => {
    fc.assert(
      fc.property(fc.array(anyToken(), { maxLength: 30 }), fc.nat(), (tokens, cut) => {
        const sql = tokens.join('');
        expect(masked(sql)).not.toMatch(SECRET);
        expect(masked(sql.slice(0, cut % (sql.length + 1)))).not.toMatch(SECRET);
      }),
      { numRuns: 2_000 },
    );
  });

  test('keeps its names', () => {
    const names = fc.array(fc.stringMatching(/^[a-z_]\w{2,8}$/), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(names, fc.array(anyLiteral(), { minLength: 5, maxLength: 5 }), (all, literals) => {
        const sql = all.map((name, place) => `${name} = ${literals[place]}`).join(' AND ');
        expect(masked(sql)).toBe(all.map((name) => `${name} = ?`).join(' AND '));
      }),
    );
  });

  test('is masked only once', () => {
    fc.assert(
      fc.property(fc.array(anyToken(), { maxLength: 30 }), (tokens) => {
        const once = masked(tokens.join(' '));
        expect(masked(once)).toBe(once);
      }),
    );
  });

  test('may be any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(40), (text, max) => {
        expect(maskLiterals(text, max).length).toBeLessThanOrEqual(max);
      }),
    );
  });
});

/** What every literal holds, and nothing else does. */
const SECRET = /secret|77/;

function anyLiteral(): fc.Arbitrary<string> {
  const inner = fc
    .array(fc.constantFrom('secret', '77', ' ', '--', '/*', '*/', '#', '`', '😀', 'é', ','), { maxLength: 4 })
    .map((parts) => parts.join(''));
  const quoted = (quote: string) =>
    fc
      .tuple(inner, fc.constantFrom('', `\\${quote}`, quote + quote, '\\\\', quote === "'" ? '"' : "'"), inner)
      .map(([a, between, b]) => `${quote}${a}${between}${b}${quote}`);
  const text = fc.oneof(quoted("'"), quoted('"'));
  const prefixed = fc.tuple(fc.constantFrom('N', 'n', '_utf8', '_latin1'), quoted("'")).map(([a, b]) => a + b);
  const number = fc.constantFrom('77', '77.77', '.77', '77e77', '77.77e-77', '77e+77', '0x77', "x'77'", '77.');
  return fc.oneof(text, prefixed, number);
}

/** Stand-alone parts of statements, with white space around them where two would be one. */
function anyToken(): fc.Arbitrary<string> {
  const comment = fc.constantFrom('/* secret */', '-- secret\n', '# 77\n', '/*! ', '/*!50000 ', ' */', '/*+ 77 */');
  const code = fc.constantFrom('SELECT', ' a1 ', '(', ')', ',', ' = ', '`x``y`', ' IN (', '@', ';', '->>', ' . ', '\n');
  return fc.oneof(
    code,
    comment,
    anyLiteral().map((literal) => ` ${literal} `),
  );
}
