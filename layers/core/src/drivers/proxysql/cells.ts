import { ProxywatchError } from '../../domain/errors.ts';

/** One value as it came over the wire: the text's bytes. ProxySQL declares utf8mb3, so nobody else must decode it. */
export type Cell = Buffer | null;
export type Row = readonly Cell[];

/** Sends one statement and gives its rows. */
export type Query = (statement: string) => Promise<readonly Row[]>;

/** Sends one statement that answers no rows but OK. */
export type Command = (statement: string) => Promise<void>;

const ZERO = 48;
const LONGEST_COUNT = String(Number.MAX_SAFE_INTEGER).length;

/** A whole number that a double holds exactly; throws PROXY_PROTOCOL with the column's name otherwise. */
export function countOf(row: Row, index: number, column: string): number {
  const cell = row[index];
  const count = cell ? readCount(cell, 0, cell.length) : -1;
  if (count < 0) throw malformed(`${column} is no exact whole number: ${excerptOf(cell)}`);
  return count;
}

/** UTF-8 text; NULL and a column that is not there are empty. */
export function textOf(row: Row, index: number): string {
  return row[index]?.toString('utf8') ?? '';
}

/** The digits of bytes[from, to) as a number; −1 unless they are a non-negative integer below 2^53. */
export function readCount(bytes: Uint8Array, from: number, to: number): number {
  if (from >= to || to - from > LONGEST_COUNT) return -1;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = (bytes[i] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : -1;
}

/** Text of bytes[0, …) of at most that many characters (code points); a code point cut in two at the end is left out. */
export function decodeText(bytes: Buffer, maxCharacters: number): string {
  const text = bytes.toString('utf8', 0, completeLength(bytes));
  if (text.length <= maxCharacters) return text;
  let end = 0;
  for (let n = 0; n < maxCharacters && end < text.length; n++) end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  return text.slice(0, end);
}

function completeLength(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needed > back ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}

export function malformed(what: string): ProxywatchError {
  return new ProxywatchError('PROXY_PROTOCOL', `malformed answer: ${what}`);
}

/** A few characters of a value, for a message. */
export function excerptOf(cell: Cell | undefined): string {
  if (cell === undefined) return 'absent';
  return cell === null ? 'NULL' : JSON.stringify(cell.toString('latin1', 0, 80));
}
