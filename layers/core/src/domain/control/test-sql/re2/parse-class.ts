import { parseEscape } from './parse-escape.ts';
import type { Reader } from './reader.ts';
import { type Flags, type Node, type Property, type Range, Re2SyntaxError } from './syntax.ts';

/** First and last of each range, one after the other. */
const ASCII = new Map(
  Object.entries({
    alnum: '09AZaz',
    alpha: 'AZaz',
    ascii: '\x00\x7f',
    blank: '\t\t  ',
    cntrl: '\x00\x1f\x7f\x7f',
    digit: '09',
    graph: '!~',
    lower: 'az',
    print: ' ~',
    punct: '!/:@[`{~',
    space: '\t\r  ',
    upper: 'AZ',
    word: '09AZaz__',
    xdigit: '09AFaf',
  }),
);
const HIGHEST = 0x10ffff;

/** `[…]`, the bracket already read. */
export function parseClass(reader: Reader, flags: Flags): Node {
  const isNegated = reader.take('^');
  const ranges: Range[] = [];
  const properties: Property[] = [];
  // A bracket that comes first is a character like any other.
  for (let isFirst = true; isFirst || !reader.take(']'); isFirst = false) {
    if (reader.isAtEnd) throw new Re2SyntaxError('missing closing ]');
    const named = reader.match(/^\[:(\^?)([a-z]+):\]/);
    if (named !== undefined) {
      ranges.push(...posixRanges(named[2] ?? '', named[1] === '^'));
      continue;
    }
    if (reader.take('\\')) {
      const escaped = parseEscape(reader);
      if (escaped.kind === 'class') ranges.push(...(escaped.isNegated ? othersOf(escaped.ranges) : escaped.ranges));
      else if (escaped.kind === 'property') properties.push(escaped.property);
      else ranges.push([escaped.point, parseEnd(reader, escaped.point)]);
      continue;
    }
    const from = reader.next().codePointAt(0) ?? 0;
    ranges.push([from, parseEnd(reader, from)]);
  }
  return { kind: 'char', set: { ranges, properties, isNegated, isCaseless: flags.i } };
}

/** The end of a range, or its beginning where it is none. */
function parseEnd(reader: Reader, from: number): number {
  if (reader.peek() !== '-' || reader.peek(1) === ']' || reader.peek(1) === '') return from;
  reader.next();
  let to = reader.next().codePointAt(0) ?? 0;
  if (to === 0x5c) {
    const escaped = parseEscape(reader);
    if (escaped.kind !== 'point') throw new Re2SyntaxError('invalid character class range');
    to = escaped.point;
  }
  if (to < from) {
    throw new Re2SyntaxError(
      `invalid character class range: ${String.fromCodePoint(from)}-${String.fromCodePoint(to)}`,
    );
  }
  return to;
}

function posixRanges(name: string, isNegated: boolean): readonly Range[] {
  const pairs = ASCII.get(name);
  if (pairs === undefined) throw new Re2SyntaxError(`invalid character class range: [:${name}:]`);
  const ranges: Range[] = [];
  for (let i = 0; i < pairs.length; i += 2) ranges.push([pairs.charCodeAt(i), pairs.charCodeAt(i + 1)]);
  return isNegated ? othersOf(ranges) : ranges;
}

/** All code points but these, which are in order. */
export function othersOf(ranges: readonly Range[]): readonly Range[] {
  const others: Range[] = [];
  let next = 0;
  for (const [from, to] of ranges) {
    if (from > next) others.push([next, from - 1]);
    next = to + 1;
  }
  if (next <= HIGHEST) others.push([next, HIGHEST]);
  return others;
}
