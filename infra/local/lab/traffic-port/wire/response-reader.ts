import { STATUS_MORE_RESULTS, type WireError } from './packets.ts';

/** How a back end answered a command. */
export interface Answer {
  readonly error: WireError | undefined;
  /** Number of the error's packet: 1 when the answer is nothing but the error. */
  readonly errorSequence: number;
  /** Length of the error's packet, header included; 0 without an error. */
  readonly errorBytes: number;
  readonly rowsSent: number;
  readonly affectedRows: number;
  readonly insertId: number;
  readonly warnings: number;
  /** `undefined` after an error, which carries no status. */
  readonly statusFlags: number | undefined;
  /** Of a PREPARE: how the back end calls the statement. */
  readonly prepared: Prepared | undefined;
}

export interface Prepared {
  readonly statementId: number;
  readonly columns: number;
  readonly parameters: number;
}

export type AnswerKind = 'result' | 'prepared' | 'none';

const HEADER_BYTES = 4;
const OK = 0x00;
export const ERR = 0xff;
const EOF = 0xfe;
// An EOF packet is shorter than any row that starts with the same byte.
const EOF_BELOW_BYTES = 9;

/** Reads one answer packet by packet, far enough to know when it ends and what it did. */
export class ResponseReader {
  #state: 'first' | 'columns' | 'rows' | 'definitions' | 'done' = 'first';
  #errorSequence = 1;
  #errorBytes = 0;
  #definitionsLeft = 0;
  #rowsSent = 0;
  #affectedRows = 0;
  #insertId = 0;
  #warnings = 0;
  #statusFlags: number | undefined;
  #error: WireError | undefined;
  #prepared: Prepared | undefined;
  readonly #kind: AnswerKind;

  constructor(kind: AnswerKind = 'result') {
    this.#kind = kind;
  }

  get done(): boolean {
    return this.#state === 'done';
  }

  answer(): Answer {
    return {
      error: this.#error,
      errorSequence: this.#errorSequence,
      errorBytes: this.#errorBytes,
      rowsSent: this.#rowsSent,
      affectedRows: this.#affectedRows,
      insertId: this.#insertId,
      warnings: this.#warnings,
      statusFlags: this.#statusFlags,
      prepared: this.#prepared,
    };
  }

  onPacket(head: Buffer, length: number, sequence: number): void {
    const mark = head[0] ?? OK;
    if (this.#state === 'first') this.#onFirst(mark, head, length, sequence);
    else if (this.#state === 'columns') {
      if (mark === EOF && length < EOF_BELOW_BYTES) this.#state = 'rows';
    } else if (this.#state === 'definitions') this.#onDefinition();
    else if (mark === EOF && length < EOF_BELOW_BYTES) this.#endResult(head.readUInt16LE(3), head.readUInt16LE(1));
    else if (mark === ERR) this.#fail(head, length, sequence);
    else this.#rowsSent += 1;
  }

  #onFirst(mark: number, head: Buffer, length: number, sequence: number): void {
    if (mark === ERR) this.#fail(head, length, sequence);
    else if (mark === OK && this.#kind === 'prepared') this.#onPrepared(head);
    else if (mark === OK) this.#onOk(head);
    else this.#state = 'columns';
  }

  #onOk(head: Buffer): void {
    const affected = lengthEncodedAt(head, 1);
    const insertId = lengthEncodedAt(head, affected.end);
    this.#affectedRows += affected.value;
    this.#insertId = insertId.value;
    this.#endResult(head.readUInt16LE(insertId.end), head.readUInt16LE(insertId.end + 2));
  }

  #onPrepared(head: Buffer): void {
    const [columns, parameters] = [head.readUInt16LE(5), head.readUInt16LE(7)];
    this.#prepared = { statementId: head.readUInt32LE(1), columns, parameters };
    // Each of the two lists, if it is not empty, ends with an EOF.
    this.#definitionsLeft = columns + parameters + (columns > 0 ? 1 : 0) + (parameters > 0 ? 1 : 0);
    this.#state = this.#definitionsLeft > 0 ? 'definitions' : 'done';
  }

  #onDefinition(): void {
    this.#definitionsLeft -= 1;
    if (this.#definitionsLeft === 0) this.#state = 'done';
  }

  #endResult(statusFlags: number, warnings: number): void {
    this.#statusFlags = statusFlags;
    this.#warnings = warnings;
    this.#state = statusFlags & STATUS_MORE_RESULTS ? 'first' : 'done';
  }

  #fail(head: Buffer, length: number, sequence: number): void {
    this.#errorSequence = sequence;
    this.#errorBytes = HEADER_BYTES + length;
    const stated = head[3] === 0x23;
    this.#error = {
      errno: head.readUInt16LE(1),
      sqlState: stated ? head.toString('latin1', 4, 9) : 'HY000',
      message: head.toString('utf8', stated ? 9 : 3),
    };
    this.#statusFlags = undefined;
    this.#state = 'done';
  }
}

function lengthEncodedAt(bytes: Buffer, at: number): { readonly value: number; readonly end: number } {
  const first = bytes[at] ?? 0;
  if (first < 0xfb) return { value: first, end: at + 1 };
  if (first === 0xfc) return { value: bytes.readUInt16LE(at + 1), end: at + 3 };
  if (first === 0xfd) return { value: bytes.readUIntLE(at + 1, 3), end: at + 4 };
  return { value: Number(bytes.readBigUInt64LE(at + 1)), end: at + 9 };
}
