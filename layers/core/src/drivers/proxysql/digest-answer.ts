import type { DigestRead, DigestRow } from '../../domain/digests/digest-read.ts';
import { type Cell, countOf, decodeText, excerptOf, malformed, type Row, readCount } from './cells.ts';
import { FIELD_SEPARATOR, MAX_WHOLE_TABLE_ROWS, NO_TEXT, ROW_SEPARATOR, TEXT_CHARACTERS } from './statements.ts';

const KEY = /^-?\d{1,10}\|(?:[0-9A-F]{2})*\|(?:[0-9A-F]{2})*\|(?:[0-9A-F]{2})*\|0x[0-9A-Fa-f]{1,16}$/;
const COLUMNS = [
  'count_star',
  'sum_time',
  'sum_rows_affected',
  'sum_rows_sent',
  'first_seen',
  'last_seen',
  'min_time',
  'max_time',
] as const;

/**
 * The answer to a digests statement (statements.ts). Throws PROXY_PROTOCOL when anything in it is not as it should be:
 * half a read is no read. Keys and texts are copied out of the answer one by one, since a substring of it would keep all
 * of it alive for as long as a history remembers the key.
 */
export function parseDigestAnswer(answer: readonly Row[], kind: DigestRead['kind'], withExtremes = false): DigestRead {
  const row = answer[0];
  if (row === undefined || answer.length !== 1) throw malformed(`${answer.length} rows instead of one`);
  const proxyNowS = countOf(row, 0, 'now');
  const uptimeS = countOf(row, 1, 'ProxySQL_Uptime');
  const tableRows = countOf(row, 2, 'COUNT(*)');
  // Sums and minimum of an empty table are NULL.
  const ofTable = (index: number, column: string) => (tableRows === 0 ? 0 : countOf(row, index, column));
  const rows = unpackRows(row[8], withExtremes);
  const isComplete = rows.length === tableRows || (rows.length === 0 && tableRows > MAX_WHOLE_TABLE_ROWS);
  if (kind === 'full' ? !isComplete : rows.length > tableRows) {
    throw malformed(`${rows.length} digest rows of a table of ${tableRows}`);
  }
  return {
    kind,
    proxyNowS,
    uptimeS,
    tableRows,
    tableSums: {
      executions: ofTable(3, 'SUM(count_star)'),
      timeUs: ofTable(4, 'SUM(sum_time)'),
      rowsAffected: ofTable(5, 'SUM(sum_rows_affected)'),
      rowsSent: ofTable(6, 'SUM(sum_rows_sent)'),
    },
    oldestFirstSeenS: tableRows === 0 ? undefined : countOf(row, 7, 'MIN(first_seen)'),
    rows,
  };
}

/** The packed answer to a digest texts statement; digests that nobody asked for are passed over undecoded. */
export function parseDigestTexts(answer: readonly Row[], wanted: ReadonlySet<string>): Map<string, string> {
  const packed = answer[0]?.[0];
  const texts = new Map<string, string>();
  if (packed === undefined) throw malformed('no row');
  if (packed === null) return texts;
  for (let at = 0, end = 0; at <= packed.length; at = end + 1) {
    end = endOf(packed, ROW_SEPARATOR, at, packed.length);
    const digestEnd = endOf(packed, FIELD_SEPARATOR, at, end);
    const digest = packed.toString('latin1', at, digestEnd);
    if (digestEnd === end) throw malformed(`digest without a text: ${JSON.stringify(digest.slice(0, 80))}`);
    if (wanted.has(digest) && !texts.has(digest)) texts.set(digest, textOfHex(packed, digestEnd + 1, end));
  }
  return texts;
}

function unpackRows(packed: Cell | undefined, withExtremes: boolean): DigestRow[] {
  if (packed === undefined) throw malformed('no column of digest rows');
  const rows: DigestRow[] = [];
  if (packed === null) return rows;
  for (let at = 0, end = 0; at <= packed.length; at = end + 1) {
    end = endOf(packed, ROW_SEPARATOR, at, packed.length);
    rows.push(unpackRow(packed, at, end, withExtremes));
  }
  return rows;
}

function unpackRow(packed: Buffer, from: number, to: number, withExtremes: boolean): DigestRow {
  let at = endOf(packed, FIELD_SEPARATOR, from, to);
  const key = packed.toString('latin1', from, at);
  if (!KEY.test(key)) throw malformed(`digest key ${excerptOf(packed.subarray(from, to))}`);
  const next = (column: number): number => {
    const start = at + 1;
    at = endOf(packed, FIELD_SEPARATOR, start, to);
    const count = readCount(packed, start, at);
    if (count < 0)
      throw malformed(
        `${COLUMNS[column]} of ${key} is no exact whole number: ${excerptOf(packed.subarray(start, at))}`,
      );
    return count;
  };
  const counters = { executions: next(0), timeUs: next(1), rowsAffected: next(2), rowsSent: next(3) };
  const row = { key, counters, firstSeenS: next(4), ...(withExtremes && { minTimeUs: next(6), maxTimeUs: next(7) }) };
  if (at === to) return row;
  const textAt = at + 1;
  at = endOf(packed, FIELD_SEPARATOR, textAt, to);
  if (at === to) return { ...row, text: textOfHex(packed, textAt, at) };
  const isLeftOut = packed.toString('latin1', textAt, at) === NO_TEXT;
  const text = isLeftOut ? undefined : textOfHex(packed, textAt, at);
  const lastSeenS = next(5);
  if (at < to) throw malformed(`more after ${COLUMNS[5]} of ${key}: ${excerptOf(packed.subarray(at, to))}`);
  return { ...row, ...(text !== undefined && { text }), lastSeenS };
}

function textOfHex(packed: Buffer, from: number, to: number): string {
  const bytes = Buffer.from(packed.toString('latin1', from, to), 'hex');
  if (bytes.length * 2 !== to - from) throw malformed(`digest text is no hex: ${excerptOf(packed.subarray(from, to))}`);
  return decodeText(bytes, TEXT_CHARACTERS);
}

// A loop, not indexOf: fields are a few bytes long, and the call would cost more than the search.
function endOf(bytes: Uint8Array, separator: number, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] !== separator) at++;
  return at;
}
