import { collapseLists } from './digest-grouping.ts';

export interface DigestTextOptions {
  /** mysql-query_digests_grouping_limit: values shown before a longer list ends in `...`; 0 switches grouping off. */
  readonly groupingLimit: number;
  /** mysql-query_digests_groups_grouping_limit: the same for lists of such shortened groups. */
  readonly groupsGroupingLimit: number;
  /** mysql-query_digests_max_digest_length, in bytes: later text is lost, and statements that differ only there merge. */
  readonly maxDigestLength: number;
  /** mysql-query_digests_max_query_length: what follows is not looked at. */
  readonly maxQueryLength: number;
  readonly lowercase: boolean;
  readonly noDigits: boolean;
  readonly replaceNull: boolean;
}

export const DEFAULT_DIGEST_TEXT_OPTIONS: DigestTextOptions = {
  groupingLimit: 3,
  groupsGroupingLimit: 10,
  maxDigestLength: 2048,
  maxQueryLength: 65_000,
  lowercase: false,
  noDigits: false,
  replaceNull: false,
};

/**
 * The text under which statements that differ only in literals, comments and white space count together.
 * Case and NULL are kept; strings and numbers, signs included, become `?`.
 */
export function digestTextOf(sql: string, options: DigestTextOptions = DEFAULT_DIGEST_TEXT_OPTIONS): string {
  const source = sql.length > options.maxQueryLength ? sql.slice(0, options.maxQueryLength) : sql;
  const normalised = collapseLists(normalise(source, options), options);
  const cased = options.lowercase ? normalised.toLowerCase() : normalised;
  return cutToBytes(cased, options.maxDigestLength);
}

// Literals. A number stands alone: digits inside a name (`orders1234`, `1_value`) belong to the name.
const NUMBER = /^(?:0x[0-9a-f]+|0b[01]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i;
const OPEN_EXPONENT = /^(?:\d+\.?\d*|\.\d+)e$/i;
// Words after which a sign belongs to the literal that follows; after any other word it is arithmetic (`n -1`).
const SIGN_MAY_FOLLOW = new Set(
  'select where and or not in like between then else when case limit offset values set by having on interval return distinct all xor div mod'.split(
    ' ',
  ),
);

function normalise(sql: string, options: DigestTextOptions): string {
  let out = '';
  let space = false;
  let at = 0;
  const write = (token: string): void => {
    if (space && out !== '' && needsSpace(out, token)) out += ' ';
    space = false;
    out += token;
  };
  while (at < sql.length) {
    const char = sql.charCodeAt(at);
    if (isSpace(char)) {
      space = true;
      at += 1;
    } else if (startsComment(sql, at, char)) {
      space = true;
      at = commentEnd(sql, at, char);
    } else if (char === QUOTE || char === DOUBLE_QUOTE) {
      at = stringEnd(sql, at, char);
      out = withoutSign(out);
      write('?');
    } else if (isWord(char)) {
      const end = wordEnd(sql, at);
      const word = sql.slice(at, end);
      const literal = NUMBER.test(word) || (options.replaceNull && word.toLowerCase() === 'null');
      if (literal) out = withoutSign(out);
      write(literal ? '?' : options.noDigits ? word.replace(/\d+/g, '?') : word);
      at = end;
    } else {
      write(sql.charAt(at));
      at += 1;
    }
  }
  return out;
}

const QUOTE = 0x27;
const DOUBLE_QUOTE = 0x22;
const BACKSLASH = 0x5c;

function isSpace(char: number): boolean {
  return char === 0x20 || (char >= 0x09 && char <= 0x0d);
}

/** Letters, digits, `_ $ . @` and everything beyond ASCII. */
function isWord(char: number): boolean {
  if (char >= 0x61 && char <= 0x7a) return true;
  if (char >= 0x30 && char <= 0x39) return true;
  if (char >= 0x40 && char <= 0x5a) return true;
  return char === 0x5f || char === 0x2e || char === 0x24 || char >= 0x80;
}

function wordEnd(sql: string, start: number): number {
  let end = start + 1;
  while (end < sql.length && isWord(sql.charCodeAt(end))) end += 1;
  // The sign of an exponent (1.1e-9) is inside the number.
  const next = sql.charCodeAt(end);
  if ((next === 0x2b || next === 0x2d) && OPEN_EXPONENT.test(sql.slice(start, end))) {
    end += 1;
    while (end < sql.length && isWord(sql.charCodeAt(end))) end += 1;
    return end;
  }
  return end;
}

function startsComment(sql: string, at: number, char: number): boolean {
  if (char === 0x23) return true;
  if (char === 0x2f) return sql.charCodeAt(at + 1) === 0x2a;
  return char === 0x2d && sql.charCodeAt(at + 1) === 0x2d && (at + 2 >= sql.length || isSpace(sql.charCodeAt(at + 2)));
}

function commentEnd(sql: string, at: number, char: number): number {
  const closing = char === 0x2f ? '*/' : '\n';
  const found = sql.indexOf(closing, at + closing.length);
  return found < 0 ? sql.length : found + closing.length;
}

function stringEnd(sql: string, start: number, quote: number): number {
  let at = start + 1;
  while (at < sql.length) {
    const char = sql.charCodeAt(at);
    if (char === BACKSLASH) at += 2;
    else if (char !== quote) at += 1;
    else if (sql.charCodeAt(at + 1) === quote) at += 2;
    else return at + 1;
  }
  return sql.length;
}

/** White space vanishes around commas, inside parentheses and around arithmetic between literals. */
function needsSpace(out: string, token: string): boolean {
  const first = token.charCodeAt(0);
  const last = out.charCodeAt(out.length - 1);
  if (last === 0x20 || first === 0x2c || first === 0x29 || last === 0x2c || last === 0x28) return false;
  if (isArithmetic(first) && last === 0x3f) return false;
  return !(first === 0x3f && isArithmetic(last) && out.charCodeAt(out.length - 2) === 0x3f);
}

function isArithmetic(char: number): boolean {
  return char === 0x2b || char === 0x2d || char === 0x2a || char === 0x2f || char === 0x25;
}

/** Drops a sign that belongs to the literal about to be written. */
function withoutSign(out: string): string {
  const last = out.charCodeAt(out.length - 1);
  if (last !== 0x2b && last !== 0x2d) return out;
  const before = out.slice(0, -1).trimEnd();
  const previous = before.charCodeAt(before.length - 1);
  if (before === '' || '(,=<>!~'.includes(before.charAt(before.length - 1))) return out.slice(0, -1);
  if (!isWord(previous)) return out;
  const word = /[A-Za-z]+$/.exec(before)?.[0].toLowerCase() ?? '';
  return SIGN_MAY_FOLLOW.has(word) ? out.slice(0, -1) : out;
}

/** Cuts at a character boundary: a half character would not survive the way through SQLite. */
function cutToBytes(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  const bytes = Buffer.from(text);
  let end = maxBytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}
