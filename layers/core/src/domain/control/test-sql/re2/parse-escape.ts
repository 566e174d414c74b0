import type { Reader } from './reader.ts';
import { type Property, type Range, Re2SyntaxError } from './syntax.ts';

const DIGITS: readonly Range[] = [[0x30, 0x39]];
const SPACES: readonly Range[] = [
  [0x09, 0x0a],
  [0x0c, 0x0d],
  [0x20, 0x20],
];
const WORDS: readonly Range[] = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
const PERL_CLASSES: Readonly<Record<string, readonly Range[]>> = { d: DIGITS, s: SPACES, w: WORDS };
const CONTROLS: Readonly<Record<string, number>> = { a: 0x07, f: 0x0c, n: 0x0a, r: 0x0d, t: 0x09, v: 0x0b };
const CATEGORIES = /^(?:C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?)$/;
const HIGHEST = 0x10ffff;

/** What a backslash stands for, the backslash already read: one code point, or a class of them. */
export type Escaped =
  | { readonly kind: 'point'; readonly point: number }
  | { readonly kind: 'class'; readonly ranges: readonly Range[]; readonly isNegated: boolean }
  | { readonly kind: 'property'; readonly property: Property };

export function parseEscape(reader: Reader): Escaped {
  if (reader.isAtEnd) throw new Re2SyntaxError('trailing \\');
  const char = reader.next();
  const perl = PERL_CLASSES[char.toLowerCase()];
  if (perl !== undefined) return { kind: 'class', ranges: perl, isNegated: char !== char.toLowerCase() };
  if (char === 'p' || char === 'P') return { kind: 'property', property: parseProperty(reader, char === 'P') };
  const control = CONTROLS[char];
  if (control !== undefined) return pointOf(control);
  if (char === 'x') return pointOf(parseHex(reader));
  if (/[0-7]/.test(char)) return pointOf(parseOctal(reader, char));
  if (/[89]/.test(char)) throw backReference(char);
  // Of ASCII all that is no letter, digit or underscore stands for itself.
  const point = char.codePointAt(0) ?? 0;
  if (point < 0x80 && !/\w/.test(char)) return pointOf(point);
  throw new Re2SyntaxError(`invalid escape sequence: \\${char}`);
}

function pointOf(point: number): Escaped {
  return { kind: 'point', point };
}

function parseOctal(reader: Reader, first: string): number {
  if (first !== '0' && !/[0-7]/.test(reader.peek())) throw backReference(first);
  let digits = first;
  while (digits.length < 3 && /^[0-7]$/.test(reader.peek())) digits += reader.next();
  return Number.parseInt(digits, 8);
}

function parseHex(reader: Reader): number {
  const digits = reader.match(/^\{([0-9A-Fa-f]{1,8})\}/)?.[1] ?? reader.match(/^[0-9A-Fa-f]{2}/)?.[0];
  const point = digits === undefined ? Number.NaN : Number.parseInt(digits, 16);
  if (!(point <= HIGHEST)) throw new Re2SyntaxError('invalid escape sequence: \\x');
  return point;
}

function parseProperty(reader: Reader, isUpper: boolean): Property {
  const braced = reader.match(/^\{(\^?)([A-Za-z_]{1,64})\}/);
  const name = braced === undefined ? reader.next() : (braced[2] ?? '');
  const test = testOf(name);
  if (test === undefined) throw new Re2SyntaxError(`invalid character class range: \\p{${name.slice(0, 64)}}`);
  return { test, isNegated: isUpper !== (braced?.[1] === '^') };
}

function testOf(name: string): RegExp | undefined {
  if (name === 'Any') return /^[\s\S]$/u;
  if (CATEGORIES.test(name)) return new RegExp(`^\\p{${name}}$`, 'u');
  try {
    return /^[A-Z][A-Za-z_]+$/.test(name) ? new RegExp(`^\\p{Script=${name}}$`, 'u') : undefined;
  } catch {
    return undefined;
  }
}

function backReference(digit: string): Re2SyntaxError {
  return new Re2SyntaxError(`back-references (\\${digit}) are unknown to RE2`);
}
