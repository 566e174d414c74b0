import { type SqlRow, textOf } from '../storage/sql.ts';
import type { PacketWriter } from './packet-writer.ts';

/** What the admin interface answers to one command. */
export type Reply =
  | { readonly kind: 'ok'; readonly affectedRows: number; readonly info: string }
  | { readonly kind: 'rows'; readonly columns: readonly string[]; readonly rows: readonly SqlRow[] }
  /** Always 1045/28000; the text alone tells errors apart. */
  | { readonly kind: 'error'; readonly message: string }
  /** The connection ends without an answer, as when the process dies. */
  | { readonly kind: 'hangUp'; readonly reason: string };

export const ok = (affectedRows = 0, info = ''): Reply => ({ kind: 'ok', affectedRows, info });
export const statementError = (message: string): Reply => ({
  kind: 'error',
  message: `ProxySQL Admin Error: ${message}`,
});
export const syntaxErrorNear = (token: string): Reply => statementError(`near "${token}": syntax error`);

const ER_ACCESS_DENIED_ERROR = 1045;
const UTF8 = 33;
const VAR_STRING = 253;
// Autocommit, and "no backslash escapes", which ProxySQL reports in OK packets.
const STATUS_OK = 514;
const STATUS_EOF = 2;

export function writeReply(writer: PacketWriter, reply: Exclude<Reply, { kind: 'hangUp' }>): void {
  if (reply.kind === 'ok') writer.packet(() => writeOk(writer, reply.affectedRows, reply.info));
  else if (reply.kind === 'error') writer.packet(() => writeError(writer, reply.message));
  else writeRows(writer, reply.columns, reply.rows);
  writer.flush();
}

function writeOk(writer: PacketWriter, affectedRows: number, info: string): void {
  writer.int(0, 1);
  writer.lengthEncoded(affectedRows);
  writer.lengthEncoded(0);
  writer.int(STATUS_OK, 2);
  writer.int(0, 2);
  writer.rest(info);
}

function writeError(writer: PacketWriter, message: string): void {
  writer.int(0xff, 1);
  writer.int(ER_ACCESS_DENIED_ERROR, 2);
  writer.rest(`#28000${message}`);
}

function writeRows(writer: PacketWriter, columns: readonly string[], rows: readonly SqlRow[]): void {
  writer.packet(() => writer.lengthEncoded(columns.length));
  for (const name of columns) writer.packet(() => writeColumn(writer, name));
  writer.packet(() => writeEof(writer));
  for (const row of rows) {
    writer.packet(() => {
      for (const value of row) writer.value(textOf(value));
    });
  }
  writer.packet(() => writeEof(writer));
}

/** Every column is a VAR_STRING in charset 33, whatever it holds. */
function writeColumn(writer: PacketWriter, name: string): void {
  for (const text of ['def', '', '', '', name, '']) writer.value(text);
  writer.int(0x0c, 1);
  writer.int(UTF8, 2);
  writer.int(0x1fffffff, 4);
  writer.int(VAR_STRING, 1);
  writer.int(0, 2);
  writer.int(0x1f, 1);
  writer.int(0, 2);
}

function writeEof(writer: PacketWriter): void {
  writer.int(0xfe, 1);
  writer.int(0, 2);
  writer.int(STATUS_EOF, 2);
}
