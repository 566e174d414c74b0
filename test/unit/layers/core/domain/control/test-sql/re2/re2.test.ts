import { describe, expect, test } from '@jest/globals';
import { compileRe2, re2ProblemOf } from '@proxywatch/core/domain/control/test-sql/re2/re2';
import { fc } from '../../../../../../../support/properties.ts';

function matches(pattern: string, text: string, isCaseless = false): boolean | undefined {
  const compiled = compileRe2(pattern, { isCaseless });
  if ('problem' in compiled) throw new Error(compiled.problem);
  return compiled.matches(text);
}

describe('a pattern', () => {
  test.each([
    ['^SELECT', 'SELECT 1', true],
    ['^SELECT', ' SELECT 1', false],
    ['FOR UPDATE$', 'SELECT 1 FOR UPDATE', true],
    ['FOR UPDATE$', 'SELECT 1 FOR UPDATE\n', false],
    ['a.c', 'a\nc', false],
    ['(?s)a.c', 'a\nc', true],
    ['(?m)^b$', 'a\nb\nc', true],
    ['^b$', 'a\nb\nc', false],
    ['a(?i)b|c', 'aB', true],
    ['a(?i)b|c', 'C', true],
    ['(?:a(?i)b)c', 'aBC', false],
    ['(?i:a)b', 'Ab', true],
    ['(?i:a)b', 'AB', false],
    ['(?i)a(?-i)b', 'AB', false],
    [String.raw`\bfrom\b`, 'a from b', true],
    [String.raw`\bfrom\b`, 'a fromage', false],
    [String.raw`\Bage`, 'fromage', true],
    [String.raw`\d{2,3}`, 'a1', false],
    [String.raw`^\d{2,3}$`, '1234', false],
    [String.raw`^\d{2,}$`, '1234', true],
    [String.raw`^\d{4}$`, '1234', true],
    ['a{,2}', 'a{,2}', true],
    ['x{', 'x{', true],
    ['[]a]', ']', true],
    ['[^]a]', ']', false],
    ['[a-]', '-', true],
    ['[[:alpha:]]+[[:^digit:]]', 'ab', true],
    [String.raw`[\d\-x]`, '-', true],
    [String.raw`[^\D]`, '7', true],
    [String.raw`\x41\x{1F600}`, 'A😀', true],
    [String.raw`\Qa.b*\E`, 'a.b*', true],
    [String.raw`\Qa.b\E`, 'axb', false],
    [String.raw`\Qab\E+$`, 'abbb', true],
    [String.raw`\pL\p{Greek}\P{Lu}`, 'aΩb', true],
    [String.raw`\p{^Greek}`, 'Ω', false],
    [String.raw`\101`, 'A', true],
    [String.raw`\.\*\/`, '.*/', true],
    ['(a*)*b', 'aaac', false],
    ['(|a)+b', 'ab', true],
    ['', 'anything', true],
    ['(?P<verb>drop|truncate) ', 'drop table', true],
    ['(?U)a+?b', 'aab', true],
    ['a{0}b', 'b', true],
  ])('%s against %j: %s', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  test.each([
    ['^select', 'SELECT', true],
    ['[a-f]', 'B', true],
    ['[^a]', 'A', false],
    ['k', 'K', true],
    ['σ', 'Σ', true],
    ['straße', 'STRASSE', false],
    [String.raw`\x61`, 'A', true],
  ])('without regard to case, %s against %j: %s', (pattern, text, expected) => {
    expect(matches(pattern, text, true)).toBe(expected);
  });

  test.each([
    ['(?=a)', 'look-ahead ((?=…) is unknown to RE2'],
    ['(?!a)', 'look-ahead ((?!…) is unknown to RE2'],
    ['(?<=a)b', 'look-behind ((?<=…) is unknown to RE2'],
    ['(?<!a)b', 'look-behind ((?<!…) is unknown to RE2'],
    ['(?>a)', 'atomic groups ((?>…) is unknown to RE2'],
    [String.raw`(a)\1`, String.raw`back-references (\1) are unknown to RE2`],
    ['(?P<x>a)(?P=x)', 'back-references ((?P=…) is unknown to RE2'],
    ['(?<x>a)', 'name a group with (?P<name>…)'],
    ['(?P<x>a)(?P<x>b)', 'duplicate capture group name: x'],
    ['a**', 'bad repetition operator: *'],
    ['a*+', 'bad repetition operator: +'],
    ['a{1001}', 'bad repetition operator: {1001}'],
    ['a{3,2}', 'bad repetition operator: {3,2}'],
    ['(a{100}){100}', 'bad repetition operator: over 1000'],
    ['*a', 'no argument for repetition operator: *'],
    ['(+)', 'no argument for repetition operator: +'],
    ['a|?', 'no argument for repetition operator: ?'],
    ['(a', 'missing )'],
    ['a)', 'unexpected )'],
    ['[a', 'missing closing ]'],
    ['[b-a]', 'invalid character class range: b-a'],
    [String.raw`[a-\d]`, 'invalid character class range'],
    ['[[:letters:]]', 'invalid character class range: [:letters:]'],
    ['[[:constructor:]]', 'invalid character class range: [:constructor:]'],
    [String.raw`\p{Klingon}`, String.raw`invalid character class range: \p{Klingon}`],
    [String.raw`\Z`, String.raw`invalid escape sequence: \Z`],
    [String.raw`\x{110000}`, String.raw`invalid escape sequence: \x`],
    ['a\\', 'trailing \\'],
    ['(?y)a', 'invalid or unsupported Perl syntax: (?y'],
    ['(?i-)a', 'invalid or unsupported Perl syntax: (?)'],
    ['(?i', 'missing )'],
  ])('%s is refused: %s', (pattern, problem) => {
    expect(re2ProblemOf(pattern)).toBe(problem);
  });

  test('is refused when written out it would be too large', () => {
    expect(re2ProblemOf('(a|b|c|d|e|f|g|h|i|j|k|l){1000}(m|n|o|p|q|r|s|t){1000}')).toBe('pattern too large');
    expect(re2ProblemOf('('.repeat(2_000))).toBe('expression nests too deeply');
  });
});

test('a match takes time in proportion to the text, or says that it would take too long', () => {
  const compiled = compileRe2('(a+)+$');
  if ('problem' in compiled) throw new Error(compiled.problem);
  const text = `${'a'.repeat(20_000)}b`;
  expect(compiled.matches(text, { left: 500_000 })).toBe(false);
  expect(compiled.matches(text, { left: 1_000 })).toBeUndefined();
});

// Patterns that mean the same to both, the regular expressions of JavaScript being the judge.
const atom = fc.oneof(
  fc.constantFrom('a', 'b', 'c', '.', '[ab]', '[^a]', String.raw`\w`, '^', '$'),
  fc.constant('(?:)'),
);
const pattern = fc.letrec<{ readonly whole: string; readonly part: string }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 4 },
    atom,
    fc.tuple(tie('part'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '{0,2}')).map(([of, by]) => `(?:${of})${by}`),
    fc.tuple(tie('part'), tie('part')).map(([left, right]) => left + right),
    fc.tuple(tie('part'), tie('part')).map(([left, right]) => `(${left}|${right})`),
  ),
  whole: tie('part'),
})).whole;

test('matches are those of another implementation', () => {
  fc.assert(
    fc.property(
      pattern,
      fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'A'), maxLength: 8 }),
      fc.boolean(),
      (source, text, isCaseless) => {
        expect(matches(source, text, isCaseless)).toBe(new RegExp(source, isCaseless ? 'iu' : 'u').test(text));
      },
    ),
    { numRuns: 3_000 },
  );
});
