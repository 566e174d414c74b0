import { describe, expect, test } from '@jest/globals';
import {
  canonicalFloat,
  encodeLabels,
  escapeHelp,
  escapeText,
} from '../../../../../functions/gateway/exposition/labels.ts';
import { fc } from '../../../../support/properties.ts';
import { parseExposition } from './strict-parser.ts';

describe('labels', () => {
  test('any text comes back from a parser as it was', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('\\', '"', '\n', 'n', '😀') }),
    );
    fc.assert(
      fc.property(text, text, (first, second) => {
        const line = `m{${encodeLabels({ first, second })}} 1\n`;
        const [sample] = parseExposition(`# HELP m x\n# TYPE m gauge\n${line}`, 'text').samples;
        expect(sample?.labels).toEqual({ first, second });
      }),
    );
  });

  test('values with separators inside stay apart', () => {
    const blocks = [
      encodeLabels({ schema: 'a,b', user: 'c' }),
      encodeLabels({ schema: 'a', user: 'b,c' }),
      encodeLabels({ schema: 'a",user="b', user: 'c' }),
    ].map(String);
    expect(new Set(blocks).size).toBe(3);
  });

  test('a name that is no label name is refused', () => {
    expect(() => encodeLabels({ 'a-b': 'x' })).toThrow('invalid label name a-b');
  });

  test('help keeps its quotes in the older format only', () => {
    expect(escapeHelp('a "b" \\ \n')).toBe('a "b" \\\\ \\n');
    expect(escapeText('a "b" \\ \n')).toBe('a \\"b\\" \\\\ \\n');
  });
});

describe('a bucket bound', () => {
  test.each([
    [0, '0.0'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [2.5e-5, '2.5e-05'],
    [0.5, '0.5'],
    [1, '1.0'],
    [10, '10.0'],
    [100_000, '100000.0'],
    [1_000_000, '1e+06'],
    [12_345_678, '1.2345678e+07'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
  ])('%d is written %s', (value, text) => {
    expect(canonicalFloat(value)).toBe(text);
  });
});
