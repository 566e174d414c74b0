import { MaskedOutput } from './masked-output.ts';

/** A statement for people to read. */
export interface StatementText {
  readonly text: string;
  /** There was more of it. */
  readonly isCut: boolean;
}

/**
 * A statement with `?` in the place of each literal, without comments, at most so many characters. Several literals in a list
 * are one `?+`, several equal groups of them are one group. It reads any text in one pass and never throws; what does not
 * end, as in a statement that was cut, is masked up to the end.
 *
 * Quotes are read as MySQL reads them by default. Double quotes may hold a string or a name, so they are masked; under
 * NO_BACKSLASH_ESCAPES a string that ends in a backslash seems to go on.
 */
export function maskLiterals(sql: string, maxCharacters: number): string {
  return maskedText(sql, maxCharacters).text;
}

export function maskedText(sql: string, maxCharacters: number): StatementText {
  return cutText(masked(sql, maxCharacters).trimEnd(), maxCharacters);
}

/** Cuts between characters, never within one. */
export function cutText(text: string, maxCharacters: number): StatementText {
  if (text.length <= maxCharacters) return { text, isCut: false };
  const isWithinPair = /[\ud800-\udbff]/.test(text.charAt(maxCharacters - 1));
  return { text: text.slice(0, isWithinPair ? maxCharacters - 1 : maxCharacters), isCut: true };
}

/** More than can become shorter again. */
const MARGIN = 32;

const SPACE = /\s+/y;
const LINE_COMMENT = /(?:#|--(?=[\s\p{Cc}]|$))[^\n]*/uy;
/** What these comments hold is SQL, from some version on or always. */
const CODE_COMMENT = /\/\*M?!\d*/y;
const WORD = /[\w$\u0080-\uffff]+/y;
/** Of words that begin with a digit these are numbers; the others are names, as of a table `2024_orders`. */
const NUMBER = /^(?:\d+|\d+e\d*|0x[\da-f]*|0b[01]*)$/i;
const FRACTION = /\.\d*(?:e[+-]?\d+)?/iy;
const EXPONENT = /[+-]\d+/y;
/** N'…', x'…', b'…', _utf8'…' */
const PREFIX = /^(?:[nxb]|_\w+)$/i;

function masked(sql: string, maxCharacters: number): string {
  const out = new MaskedOutput();
  let at = 0;
  let codeComments = 0;

  /** Goes on behind what stands here, if it is that. */
  function take(pattern: RegExp): string {
    pattern.lastIndex = at;
    const [found = ''] = pattern.exec(sql) ?? [];
    at += found.length;
    return found;
  }

  function takeQuoted(quote: string): void {
    const end = endOfQuoted(sql, at, quote);
    // A quote that is not closed may belong to anything.
    if (quote === '`' && end !== undefined) out.write(sql.slice(at, end));
    else out.writeLiteral();
    at = end ?? sql.length;
  }

  function takeComment(): void {
    if (take(CODE_COMMENT)) codeComments++;
    else {
      const end = sql.indexOf('*/', at + 2);
      at = end < 0 ? sql.length : end + 2;
    }
    out.writeSpace();
  }

  function takeCommentEnd(): void {
    codeComments--;
    at += 2;
    out.writeSpace();
  }

  function takeWord(word: string): void {
    if (NUMBER.test(word)) {
      if (/^\d+$/.test(word)) take(FRACTION);
      else if (/e$/i.test(word)) take(EXPONENT);
      out.writeLiteral();
    } else if (/['"]/.test(sql.charAt(at))) {
      // The literal comes next; a prefix is part of it.
      if (!PREFIX.test(word)) out.write(`${word} `);
    } else out.write(word);
  }

  function takeSign(sign: string): void {
    at++;
    if (sign === '?') out.writeLiteral();
    else if (sign === ')') out.writeGroupEnd();
    else out.write(sign);
  }

  while (at < sql.length && out.length <= maxCharacters + MARGIN) {
    const next = sql.charAt(at);
    if (/['"`]/.test(next)) takeQuoted(next);
    else if (take(SPACE) || take(LINE_COMMENT)) out.writeSpace();
    else if (sql.startsWith('/*', at)) takeComment();
    else if (codeComments > 0 && sql.startsWith('*/', at)) takeCommentEnd();
    else if (/^\.\d/.test(sql.slice(at, at + 2)) && !out.endsWithName && take(FRACTION)) out.writeLiteral();
    else {
      const word = take(WORD);
      if (word) takeWord(word);
      else takeSign(next);
    }
  }
  return out.text;
}

/** The place behind the closing quote; `undefined` when there is none. */
function endOfQuoted(sql: string, from: number, quote: string): number | undefined {
  for (let at = from + 1; at < sql.length; at++) {
    const character = sql.charAt(at);
    if (character === '\\' && quote !== '`') at++;
    else if (character !== quote) continue;
    else if (sql.charAt(at + 1) === quote) at++;
    else return at + 1;
  }
  return undefined;
}
