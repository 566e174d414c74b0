import { isUtf8 } from 'node:buffer';
import type { FieldValue } from '../../../domain/control/config-rows.ts';
import { ProxywatchError } from '../../../domain/errors.ts';
import type { Cell } from '../cells.ts';
import { quoteSqlite } from '../quoting.ts';

// A byte that is no UTF-8 stands as half a surrogate pair, which no text of people contains: what was read can be restored.
const STRAY = 0xdc00;
const strayCharacters = /[\udc80-\udcff]/u;
// The proxy looks for these anywhere in a statement's text, and refreshes or even empties the tables they begin.
const watchedWords = /(?<=stats|runtime|monitor)(?=_)|(?<=save)(?=\s+mysql\s+digest)/i;

/** A cell as text that gives the same bytes back; bytes that are no UTF-8 become single surrogates U+DC80–U+DCFF. */
export function decodeField(cell: Cell): FieldValue {
  if (cell === null) return null;
  if (isUtf8(cell)) return cell.toString('utf8');
  let text = '';
  for (let at = 0; at < cell.length; ) {
    const length = lengthOfCharacter(cell, at);
    text += length === 0 ? String.fromCharCode(STRAY + (cell[at] ?? 0)) : cell.toString('utf8', at, at + length);
    at += Math.max(1, length);
  }
  return text;
}

/**
 * A value as an SQL expression that SQLite reads as the same value. Texts that would harm the proxy even inside a literal are
 * put together from pieces. Throws PROXY_STATEMENT for a NUL and for half a surrogate pair that was not read as one.
 */
export function fieldLiteral(value: FieldValue): string {
  if (value === null) return 'NULL';
  if (strayCharacters.test(value)) return `CAST(X'${encodeField(value).toString('hex')}' AS TEXT)`;
  if (!value.isWellFormed())
    throw new ProxywatchError('PROXY_STATEMENT', 'text for the proxy has half a surrogate pair');
  const pieces = value.split(watchedWords).map(quoteSqlite);
  return pieces.length === 1 ? pieces.join('') : `(${pieces.join('||')})`;
}

function encodeField(text: string): Buffer {
  const parts: Buffer[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const isStray = code >= 0xdc80 && code <= 0xdcff;
    if (!isStray && !character.isWellFormed()) {
      throw new ProxywatchError('PROXY_STATEMENT', 'text for the proxy has half a surrogate pair');
    }
    if (code === 0) throw new ProxywatchError('PROXY_STATEMENT', 'text for the proxy contains a NUL character');
    parts.push(isStray ? Buffer.of(code - STRAY) : Buffer.from(character));
  }
  return Buffer.concat(parts);
}

/** Bytes of the character that begins there; 0 when none does. */
function lengthOfCharacter(bytes: Buffer, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    if (isUtf8(bytes.subarray(at, at + length))) return length;
  }
  return 0;
}
