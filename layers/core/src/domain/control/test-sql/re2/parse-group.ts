import type { Reader } from './reader.ts';
import { type Flags, Re2SyntaxError } from './syntax.ts';

/** What an opening parenthesis begins. */
export type Opening =
  | { readonly kind: 'group'; readonly flags: Flags; readonly name?: string }
  /** `(?i)`: holds for what is left of the group around it. */
  | { readonly kind: 'flags'; readonly flags: Flags };

const LOOKS: Readonly<Record<string, string>> = {
  '=': 'look-ahead',
  '!': 'look-ahead',
  '<=': 'look-behind',
  '<!': 'look-behind',
  '>': 'atomic groups',
  '(': 'conditions',
  '#': 'comments',
  '|': 'branch resets',
  'P=': 'back-references',
  'P>': 'recursion',
  R: 'recursion',
  '&': 'recursion',
};

/** What stands behind `(`, which is read already. */
export function parseOpening(reader: Reader, flags: Flags): Opening {
  if (!reader.take('?')) return { kind: 'group', flags };
  for (const [sign, what] of Object.entries(LOOKS)) {
    if (reader.take(sign)) throw new Re2SyntaxError(`${what} ((?${sign}…) is unknown to RE2`);
  }
  if (reader.take('P<')) {
    const name = reader.match(/^(\w{1,64})>/)?.[1];
    if (name === undefined) throw new Re2SyntaxError('invalid named capture group');
    return { kind: 'group', flags, name };
  }
  if (reader.peek() === '<') throw new Re2SyntaxError('name a group with (?P<name>…)');
  return parseFlags(reader, flags);
}

function parseFlags(reader: Reader, before: Flags): Opening {
  const flags = { ...before };
  let isOn = true;
  let seen = 0;
  for (;;) {
    const char = reader.next();
    if (char === 'i' || char === 'm' || char === 's' || char === 'U') {
      flags[char] = isOn;
      seen += 1;
    } else if (char === '-' && isOn) {
      isOn = false;
      seen = 0;
    } else if ((char === ':' || char === ')') && (isOn || seen > 0)) {
      return { kind: char === ':' ? 'group' : 'flags', flags };
    } else {
      throw new Re2SyntaxError(char === '' ? 'missing )' : `invalid or unsupported Perl syntax: (?${char}`);
    }
  }
}
