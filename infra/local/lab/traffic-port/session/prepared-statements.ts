import type { BackendConnection } from '../backend/backend-connection.ts';
import type { WireError } from '../wire/packets.ts';

export interface PreparedStatement {
  readonly id: number;
  readonly sql: string;
  readonly parameters: number;
  /** Types of the parameters as last bound: a client sends them once, but the next execution may run elsewhere. */
  types: Buffer | undefined;
  /** The client sent parts of a parameter ahead, which is not supported. */
  longData: boolean;
}

const MAX_STATEMENTS = 16_382;
const COM_STMT_PREPARE = '\x16';
const COM_STMT_CLOSE = 0x19;
const ID_AT = 1;
const FLAGS_AT = 5;
const NULLS_AT = 10;

/** The statements that one client has prepared, under the numbers that it was told. */
export class PreparedStatements {
  readonly #statements = new Map<number, PreparedStatement>();
  #lastId = 0;

  get size(): number {
    return this.#statements.size;
  }

  get full(): boolean {
    return this.#statements.size >= MAX_STATEMENTS;
  }

  add(sql: string, parameters: number): PreparedStatement {
    this.#lastId += 1;
    const statement = { id: this.#lastId, sql, parameters, types: undefined, longData: false };
    this.#statements.set(statement.id, statement);
    return statement;
  }

  /** The statement that a command names. */
  named(payload: Buffer): PreparedStatement | undefined {
    return payload.length >= ID_AT + 4 ? this.#statements.get(payload.readUInt32LE(ID_AT)) : undefined;
  }

  close(payload: Buffer): void {
    if (payload.length >= ID_AT + 4) this.#statements.delete(payload.readUInt32LE(ID_AT));
  }

  /** Its next execution would lack what was sent ahead. */
  refuse(payload: Buffer): void {
    const statement = this.named(payload);
    if (statement !== undefined) statement.longData = true;
  }

  clear(): void {
    this.#statements.clear();
  }
}

export function prepareCommand(sql: string): Buffer {
  return Buffer.from(COM_STMT_PREPARE + sql);
}

/** Puts another statement id into the answer to a PREPARE, whose first packet is whole in the first bytes. */
export function renumbered(answer: Buffer, id: number): Buffer {
  const bytes = Buffer.from(answer);
  bytes.writeUInt32LE(id, 4 + ID_AT);
  return bytes;
}

/** The number under which a connection knows a statement, prepared there if need be; the oldest gives way. */
export async function numberOn(
  connection: BackendConnection,
  sql: string,
  maxStatements: number,
): Promise<{ readonly id: number; readonly prepared: boolean } | { readonly error: WireError }> {
  const known = connection.statements.get(keyOn(connection, sql));
  if (known !== undefined) return { id: known, prepared: false };
  const { error, prepared } = await connection.run(prepareCommand(sql), 'prepared');
  if (error !== undefined) return { error };
  remember(connection, sql, prepared?.statementId ?? 0, maxStatements);
  return { id: prepared?.statementId ?? 0, prepared: true };
}

export function remember(connection: BackendConnection, sql: string, id: number, maxStatements: number): void {
  const [oldest] = connection.statements;
  if (oldest !== undefined && connection.statements.size >= Math.max(1, maxStatements)) {
    connection.statements.delete(oldest[0]);
    const close = Buffer.of(COM_STMT_CLOSE, 0, 0, 0, 0);
    close.writeUInt32LE(oldest[1], ID_AT);
    void connection.run(close, 'none');
  }
  connection.statements.set(keyOn(connection, sql), id);
}

// The schema decides which tables a statement means.
function keyOn(connection: BackendConnection, sql: string): string {
  return JSON.stringify([connection.schema, sql]);
}

/** The client's EXECUTE for another connection: its number there, no cursor, and the types even if bound before. */
export function executeCommand(payload: Buffer, statement: PreparedStatement, id: number): Buffer {
  const command = Buffer.from(payload);
  command.writeUInt32LE(id, ID_AT);
  command[FLAGS_AT] = 0;
  if (statement.parameters === 0) return command;
  const boundAt = NULLS_AT + ((statement.parameters + 7) >> 3);
  const valuesAt = boundAt + 1;
  const typesLength = statement.parameters * 2;
  if (command[boundAt] === 1) {
    statement.types = command.subarray(valuesAt, valuesAt + typesLength);
    return command;
  }
  if (statement.types === undefined) return command;
  return Buffer.concat([command.subarray(0, boundAt), Buffer.of(1), statement.types, command.subarray(valuesAt)]);
}
